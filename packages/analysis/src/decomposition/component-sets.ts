/**
 * Contextual decomposition: a chosen set's part of a target and the rest, each propagated on its own through the frozen model,
 * so that their sum can be held against the run's activations at every node.
 */
import type { ComponentSet, SetContribution } from "@patchbay/contract";
import type { Engine, ModelShape } from "@patchbay/transformer";
import { ensureDefined, PatchbayError, siteName, type Tensor, tensor } from "@patchbay/vocabulary";
import { resolvePositions } from "../run/positions.ts";
import { blocksBelow, mlpIsBelow } from "./components.ts";
import { dot, type FrozenRun, vectorAt } from "./frozen-run.ts";
import { type LayerSplit, propagateParts } from "./propagate.ts";
import type { ResolvedTarget } from "./target.ts";

/** Two rows a set: relevant, irrelevant. */
const ROWS = 2;

/** @throws PatchbayError for components that are not there or lie behind the target */
export async function contributionsOfSets(
  engine: Engine,
  run: FrozenRun,
  target: ResolvedTarget,
  sets: readonly ComponentSet[],
  signal: AbortSignal,
): Promise<SetContribution[]> {
  const { shape } = engine.model;
  const depth = blocksBelow(target.place);
  const rows = sets.length * ROWS;
  const width = shape.residualWidth;
  const stream = new Float32Array(rows * run.length * width);
  const biases = new Float32Array(rows);
  const splits = Array.from({ length: depth }, () => openSplit(rows, run.length, shape.heads));
  for (const [s, set] of sets.entries()) {
    const tokens = new Set(
      set.tokens === undefined ? [] : resolvePositions(set.tokens, run.length, `sets/${s}/tokens`),
    );
    for (let position = 0; position < run.length; position++) {
      const row = s * ROWS + (tokens.has(position) ? 0 : 1);
      const at = (row * run.length + position) * width;
      stream.set(embeddingAt(run, position), at);
    }
    biases[s * ROWS + (set.biases === true ? 0 : 1)] = 1;
    chooseComponents(set, s, shape, run.length, target, splits);
  }

  const nodes: SetContribution["nodes"][] = sets.map(() => []);
  const note = (site: string, parts: Tensor, activation: Tensor) => {
    for (const [s, list] of nodes.entries()) list.push(nodeOf(site, parts, activation, s, target.position));
  };
  const start = tensor(["row", "position", "residual"], [rows, run.length, width], stream);
  note(depth === 0 ? "hook_embed" : siteName("hook_resid_pre", 0), start, run.layers[0]?.residualPre ?? run.final);
  let read: Tensor = start;
  await propagateParts(
    engine,
    run,
    { stream: start, biases, splits },
    depth,
    (layer, { middle, next }) => {
      read = layer === target.place.layer ? middle : next;
      if (layer < target.place.layer) {
        note(siteName("hook_resid_post", layer), next, run.layers[layer + 1]?.residualPre ?? run.final);
      }
    },
    signal,
  );
  const constant = target.constants.reduce((sum, { share }) => sum + share, 0);
  return sets.map(({ name }, s) => {
    const value = (row: number) =>
      dot(vectorOf(read, row, target.position), target.direction) + constant * ensureDefined(biases[row]);
    return {
      name,
      relevant: value(s * ROWS),
      irrelevant: value(s * ROWS + 1),
      nodes: ensureDefined(nodes[s]),
    };
  });
}

/** Token embedding and learned position. */
export function embeddingAt({ embedding, positions }: FrozenRun, position: number): Float32Array {
  const own = vectorAt(embedding, position);
  if (positions === undefined) return own;
  const learned = vectorAt(positions, position);
  return own.map((value, i) => value + (learned[i] ?? 0));
}

/** Everything is propagated. */
function openSplit(rows: number, length: number, heads: number): LayerSplit {
  return {
    headKeep: new Float32Array(rows * length * heads).fill(1),
    headWhole: new Float32Array(rows * length * heads),
    mlpKeep: new Float32Array(rows * length).fill(1),
    mlpWhole: new Float32Array(rows * length),
  };
}

/** The whole output of a chosen component is relevant, none of it irrelevant. */
function chooseComponents(
  set: ComponentSet,
  s: number,
  shape: ModelShape,
  length: number,
  target: ResolvedTarget,
  splits: readonly LayerSplit[],
): void {
  const { heads = [], mlps = [], positions = "all" } = set;
  const chosen = resolvePositions(positions, length, `sets/${s}/positions`);
  const each = (act: (row: number, position: number, whole: number) => void) => {
    for (const position of chosen) {
      act(s * ROWS, position, 1);
      act(s * ROWS + 1, position, 0);
    }
  };
  for (const [i, [layer, head]] of heads.entries()) {
    if (head >= shape.heads || layer >= splits.length) throw notBelow("head", `sets/${s}/heads/${i}`, shape, target);
    const { headKeep, headWhole } = ensureDefined(splits[layer]);
    each((row, position, whole) => {
      const at = (row * length + position) * shape.heads + head;
      headKeep[at] = 0;
      headWhole[at] = whole;
    });
  }
  for (const [i, layer] of mlps.entries()) {
    if (!mlpIsBelow(layer, target.place, shape.neurons)) throw notBelow("MLP", `sets/${s}/mlps/${i}`, shape, target);
    const { mlpKeep, mlpWhole } = ensureDefined(splits[layer]);
    each((row, position, whole) => {
      mlpKeep[row * length + position] = 0;
      mlpWhole[row * length + position] = whole;
    });
  }
}

function nodeOf(site: string, parts: Tensor, activation: Tensor, set: number, position: number) {
  const whole = (row: number) => {
    const size = parts.data.length / (parts.shape[0] ?? 1);
    return parts.data.subarray(row * size, (row + 1) * size);
  };
  const [relevant, irrelevant] = [whole(set * ROWS), whole(set * ROWS + 1)];
  let residual = 0;
  for (let i = 0; i < activation.data.length; i++) {
    const difference = (relevant[i] ?? 0) + (irrelevant[i] ?? 0) - (activation.data[i] ?? 0);
    residual = Math.max(residual, Math.abs(difference));
  }
  const length = (vector: Float32Array) => Math.sqrt(dot(vector, vector));
  return {
    site,
    relevantNorm: length(vectorOf(parts, set * ROWS, position)),
    irrelevantNorm: length(vectorOf(parts, set * ROWS + 1, position)),
    activationNorm: length(vectorAt(activation, position)),
    residual,
  };
}

/** One row's vector at a position of [row, position, residual]. */
export function vectorOf({ shape, data }: Tensor, row: number, position: number): Float32Array {
  const [, positions = 0, width = 0] = shape;
  const start = (row * positions + position) * width;
  return data.subarray(start, start + width);
}

function notBelow(what: string, at: string, { layers, heads }: ModelShape, { text }: ResolvedTarget): PatchbayError {
  return new PatchbayError("invalid-request", `There is no such ${what} below the target ${text}.`, {
    expected: `${what === "head" ? `heads 0 to ${heads - 1}` : "MLPs"} of layers 0 to ${layers - 1} that the target can depend on`,
    at,
  });
}
