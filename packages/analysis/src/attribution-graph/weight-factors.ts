/**
 * Weight factors (Dunefsky et al. 2024, "Transcoders find interpretable LLM feature circuits"): what the weights alone say of
 * a pair of nodes, so the same on every prompt.
 *
 *   at one position    vector(source) · direction(target)                        "direct"
 *   between positions  vector(source) through one head's OV · direction(target)  that head, the strongest by weights
 *
 * vector: a feature's decoder row (a cross-layer one's: the sum of what it has written up to there), a token's embedding.
 * direction: an encoder row, or a token's LM head row minus their mean, with the norm's weight (LayerNorm: and its mean)
 * folded in. An edge is the sum over all paths of activation × factor × patterns ÷ norm scales, the last two the prompt's.
 * Skip paths and paths through several heads add to edges and are in no factor.
 */
import type { CircuitNode } from "@patchbay/circuit-graph";
import { type Engine, readRows } from "@patchbay/transformer";
import { ensureDefined, headLabel } from "@patchbay/vocabulary";
import { int64 } from "../programs/readout.ts";
import { throwIfCancelled } from "./attribution-rows.ts";
import type { ResolvedTarget } from "./graph-targets.ts";
import { passesOwnAttention } from "./linear-parts.ts";
import type { ReplacementModel } from "./replacement-model.ts";
import { decoderRows, directFactorProgram, encoderDirections, headFactorProgram, stacked } from "./weight-vectors.ts";

const PAIRS_A_RUN = 4096;

export interface WeightFactors {
  /** One an edge; null where the source is an error, or no single head lies between. */
  readonly values: (number | null)[];
  /** "direct", or the head: "L2H3". */
  readonly paths: (string | null)[];
}

interface Edges {
  readonly nodes: readonly CircuitNode[];
  readonly edges: { readonly source: readonly number[]; readonly target: readonly number[] };
}

export async function weightFactors(
  engine: Engine,
  replacement: ReplacementModel,
  { nodes, edges }: Edges,
  targets: readonly ResolvedTarget[],
  finalScale: number,
  signal: AbortSignal,
): Promise<WeightFactors> {
  const count = edges.source.length;
  const values = Array<number | null>(count).fill(null);
  const paths = Array<string | null>(count).fill(null);
  const sources = await sourceVectors(
    engine,
    replacement,
    usedNodes(nodes, edges.source, ["feature", "token"]),
    signal,
  );
  const directions = await targetDirections(engine, replacement, nodes, targets, finalScale, signal);
  const ends = (edge: number) => {
    const [source = 0, target = 0] = [edges.source[edge], edges.target[edge]];
    return { source, target, from: ensureDefined(nodes[source]), to: ensureDefined(nodes[target]) };
  };
  const pairs = Array.from({ length: count }, (_, edge) => edge).filter((edge) => sources.has(ends(edge).source));
  const layers = replacement.shape.layers;
  const width = replacement.shape.residualWidth;

  /** Runs pairs through a program, with what each source has written below `layer`. */
  const evaluate = async (chosen: readonly number[], layer: number, head: boolean) => {
    const program = head ? headFactorProgram(engine.model, layer) : directFactorProgram(engine.model);
    for (let start = 0; start < chosen.length; start += PAIRS_A_RUN) {
      throwIfCancelled(signal);
      const part = chosen.slice(start, start + PAIRS_A_RUN);
      const from = new Places(part.map((edge) => ends(edge).source));
      const to = new Places(part.map((edge) => ends(edge).target));
      const { factors } = await engine.evaluate(
        program,
        {
          vectors: stacked(
            from.list.map((node) => ensureDefined(sources.get(node)).upTo(layer)),
            width,
          ),
          directions: stacked(
            to.list.map((node) => ensureDefined(directions.get(node))),
            width,
          ),
          source: int64(from.places),
          target: int64(to.places),
        },
        ["factors"],
        signal,
      );
      const perPair = factors.data.length / part.length;
      part.forEach((edge, i) => {
        for (let h = 0; h < perPair; h++) {
          const factor = ensureDefined(factors.data[i * perPair + h]);
          if (head && Math.abs(factor) <= Math.abs(values[edge] ?? 0)) continue;
          values[edge] = factor;
          paths[edge] = head ? headLabel(layer, h) : "direct";
        }
      });
    }
  };
  for (let layer = 0; layer <= layers; layer++) {
    const direct = pairs.filter((edge) => {
      const { from, to } = ends(edge);
      return from.position === to.position && to.layer === layer;
    });
    await evaluate(direct, layer, false);
    if (layer === layers) break;
    const throughHeads = pairs.filter((edge) => {
      const { from, to } = ends(edge);
      return from.position !== to.position && from.layer < layer && layer <= lastAttention(engine, replacement, to);
    });
    await evaluate(throughHeads, layer, true);
  }
  return { values, paths };
}

/** The last layer whose attention lies below what a node reads. */
function lastAttention({ model }: Engine, { layers }: ReplacementModel, { kind, layer }: CircuitNode): number {
  const replaced = layers[layer];
  if (kind === "logit" || replaced === undefined) return layer - 1;
  return passesOwnAttention(model, replaced) ? layer : layer - 1;
}

/** Different values, and each value's place among them. */
class Places {
  readonly list: number[];
  readonly places: number[];

  constructor(values: readonly number[]) {
    this.list = [...new Set(values)];
    const placeOf = new Map(this.list.map((value, i) => [value, i]));
    this.places = values.map((value) => placeOf.get(value) ?? 0);
  }
}

function usedNodes(nodes: readonly CircuitNode[], ends: readonly number[], kinds: readonly string[]) {
  return [...new Set(ends)].flatMap((place) => {
    const node = ensureDefined(nodes[place]);
    return kinds.includes(node.kind) ? [{ place, node }] : [];
  });
}

interface Written {
  /** [residual]: what the node has written to the stream before block `layer`. */
  upTo(layer: number): Float32Array;
}

async function sourceVectors(
  engine: Engine,
  { layers }: ReplacementModel,
  sources: readonly { place: number; node: CircuitNode }[],
  signal: AbortSignal,
): Promise<Map<number, Written>> {
  const written = new Map<number, Written>();
  const { architecture, tensors, shape } = engine.model;
  const width = shape.residualWidth;
  const tokens = sources.filter(({ node }) => node.kind === "token");
  if (tokens.length > 0) {
    const ids = tokens.map(({ node }) => ensureDefined(node.tokenId));
    const { data } = await readRows(tensors, architecture.tokenEmbedding, ids);
    tokens.forEach(({ place }, i) => {
      const vector = data.subarray(i * width, (i + 1) * width);
      written.set(place, { upTo: () => vector });
    });
  }
  for (const [layer, replaced] of layers.entries()) {
    const here = sources.filter(({ node }) => node.kind === "feature" && node.layer === layer);
    if (replaced === undefined || here.length === 0) continue;
    const features = here.map(({ node }) => ensureDefined(node.unit));
    const outputs: Float32Array[] = [];
    for (const output of replaced.writes.keys()) {
      outputs.push((await decoderRows(engine, replaced, output, features, signal)).data);
    }
    here.forEach(({ place }, i) => {
      const rows = outputs.map((data) => data.subarray(i * width, (i + 1) * width));
      written.set(place, {
        upTo: (below) =>
          sumOfRows(
            rows.filter((_, output) => (replaced.writes[output] ?? 0) < below),
            width,
          ),
      });
    });
  }
  return written;
}

function sumOfRows(rows: readonly Float32Array[], width: number): Float32Array {
  const [first, ...more] = rows;
  if (first !== undefined && more.length === 0) return first;
  return Float32Array.from({ length: width }, (_, i) => rows.reduce((sum, row) => sum + (row[i] ?? 0), 0));
}

/** By place of the node: [residual]. */
async function targetDirections(
  engine: Engine,
  { layers, shape }: ReplacementModel,
  nodes: readonly CircuitNode[],
  targets: readonly ResolvedTarget[],
  finalScale: number,
  signal: AbortSignal,
): Promise<Map<number, Float32Array>> {
  const directions = new Map<number, Float32Array>();
  const width = shape.residualWidth;
  const logits = [...nodes.keys()].filter((place) => nodes[place]?.kind === "logit");
  logits.forEach((place, t) => {
    // Without the prompt's scale of the final norm only weights are left.
    const { direction } = ensureDefined(targets[t]);
    directions.set(
      place,
      direction.map((value) => value * finalScale),
    );
  });
  for (const [layer, replaced] of layers.entries()) {
    const here = [...nodes.keys()].filter((place) => nodes[place]?.kind === "feature" && nodes[place]?.layer === layer);
    if (replaced === undefined || here.length === 0) continue;
    const features = here.map((place) => ensureDefined(nodes[place]?.unit));
    const { data } = await encoderDirections(engine, replaced, features, signal);
    for (const [i, place] of here.entries()) directions.set(place, data.subarray(i * width, (i + 1) * width));
  }
  return directions;
}
