/**
 * What a feature is connected to by weights alone (Dunefsky et al. 2024): no prompt, no activations. Features below that
 * write what it reads and features above that read what it writes, directly and through each single head's OV map; tokens
 * whose embedding it reads (de-embedding); tokens that it promotes.
 */
import type { FeatureConnections, FeatureConnectionsRequest, RankedToken } from "@patchbay/contract";
import { ensureDefined, PatchbayError, type Tensor } from "@patchbay/vocabulary";
import type { WorkContext } from "../model-service.ts";
import { foldFinalNorm, projectOnVocabulary } from "../programs/vocabulary-projection.ts";
import { throwIfCancelled } from "./attribution-rows.ts";
import { passesOwnAttention } from "./linear-parts.ts";
import {
  type GraphParts,
  openReplacementModel,
  type ReplacementLayer,
  type ReplacementModel,
} from "./replacement-model.ts";
import {
  decoderRows,
  decoderScores,
  embeddingScores,
  encoderDirections,
  encoderScores,
  readThroughHeads,
  stacked,
  writtenByHeads,
} from "./weight-vectors.ts";

const DEFAULT_TOP = 10;

type Connection = FeatureConnections["inputs"]["direct"][number];
type Head = { readonly layer: number; readonly head: number };

/** A vector or direction of the residual stream, and the head that it went through. */
interface Way {
  readonly head: Head | null;
  readonly vector: Float32Array;
}

export async function featureConnections(
  parts: GraphParts,
  request: FeatureConnectionsRequest,
  { signal }: WorkContext,
): Promise<FeatureConnections> {
  const { engine, tokenizer } = parts;
  const { feature, top = DEFAULT_TOP } = request;
  const dictionary = await parts.dictionaries.find(request.dictionary);
  const { spec } = dictionary;
  const replacement = await openReplacementModel(parts, request.dictionaries ?? spec.set ?? [spec.name]);
  const own = replacement.layers.find((layer) => layer?.dictionary.spec.name === spec.name);
  if (own === undefined) {
    throw new PatchbayError("invalid-request", `"${spec.name}" is not among the dictionaries that are looked at.`, {
      expected: "dictionaries that include it",
      at: "dictionaries",
    });
  }
  if (feature >= spec.features) {
    throw new PatchbayError("unit-out-of-range", `"${spec.name}" has no feature ${feature}.`, {
      expected: `0 to ${spec.features - 1}`,
      received: String(feature),
      at: "feature",
    });
  }
  const context = { parts, replacement, own, top: Math.min(top, engine.model.shape.vocabulary), signal };
  const read = (await encoderDirections(engine, own, [feature], signal)).data;
  const written: Float32Array[] = [];
  for (const output of own.writes.keys()) {
    written.push((await decoderRows(engine, own, output, [feature], signal)).data);
  }
  const inputs = await inputsOf(context, read);
  const outputs = await outputsOf(context, written);
  const width = read.length;
  const everything = stacked([sumOf(written, width)], width);
  const { scores } = await projectOnVocabulary(
    engine,
    await foldFinalNorm(engine.model, everything),
    top,
    "scores",
    signal,
  );
  const ranked = (ids: Int32Array, values: Float32Array): RankedToken[] =>
    Array.from(ids, (id, rank) => ({ id, text: tokenizer.textOf(id), score: values[rank] ?? 0 }));
  return {
    dictionary: spec.name,
    feature,
    layer: own.layer,
    inputs: inputs.connections,
    outputs: outputs.connections,
    deEmbedding: inputs.deEmbedding,
    inputHeads: inputs.heads,
    outputHeads: outputs.heads,
    logits: {
      promotes: ranked(scores.topTokens, scores.topScores.data),
      suppresses: ranked(scores.bottomTokens, scores.bottomScores.data),
    },
  };
}

interface Context {
  readonly parts: GraphParts;
  readonly replacement: ReplacementModel;
  readonly own: ReplacementLayer;
  readonly top: number;
  readonly signal: AbortSignal;
}

/** What lies below: features by what they write, tokens by their embedding, each directly and through the heads between. */
async function inputsOf({ parts, replacement, own, top, signal }: Context, read: Float32Array) {
  const { engine, tokenizer } = parts;
  const width = read.length;
  const lastAttention = passesOwnAttention(engine.model, own) ? own.layer : own.layer - 1;
  const ways: { way: Way; below: number }[] = [{ way: { head: null, vector: read }, below: own.layer }];
  for (let layer = 0; layer <= lastAttention; layer++) {
    const rows = await readThroughHeads(engine, layer, stacked([read], width), signal);
    for (const way of headWays(rows, layer, width)) ways.push({ way, below: layer });
  }
  const direct: Connection[] = [];
  const throughHeads: Connection[] = [];
  for (const source of replacement.layers) {
    const reached = ways.filter(({ below }) => source !== undefined && source.layer < below);
    if (source === undefined || reached.length === 0) continue;
    throwIfCancelled(signal);
    const directions = stacked(
      reached.map(({ way }) => way.vector),
      width,
    );
    const sums = new Float32Array(reached.length * source.dictionary.spec.features);
    for (const [output, layer] of source.writes.entries()) {
      const { data } = await decoderScores(engine, source, output, directions, signal);
      const features = source.dictionary.spec.features;
      for (const [row, { below }] of reached.entries()) {
        if (layer >= below) continue;
        for (let i = row * features; i < (row + 1) * features; i++) sums[i] = (sums[i] ?? 0) + (data[i] ?? 0);
      }
    }
    collect(
      reached.map(({ way }) => way),
      source,
      sums,
      top,
      direct,
      throughHeads,
    );
  }
  const heads = strongestHeads(
    ways.map(({ way }) => way),
    top,
  );
  const shown = [ensureDefined(ways[0]).way, ...heads.map(({ way }) => way)];
  const found = await embeddingScores(
    engine,
    stacked(
      shown.map(({ vector }) => vector),
      width,
    ),
    top,
    signal,
  );
  const side = (name: "largest" | "smallest", row: number): RankedToken[] => {
    const ids = found[`${name}.tokens`].data.slice(row * top, (row + 1) * top);
    const values = found[`${name}.scores`].data.slice(row * top, (row + 1) * top);
    return Array.from(ids, (id, rank) => ({ id, text: tokenizer.textOf(id), score: values[rank] ?? 0 }));
  };
  const tokens = (row: number) => ({ promotes: side("largest", row), suppresses: side("smallest", row) });
  return {
    connections: { direct: strongest(direct, top), throughHeads: strongest(throughHeads, top) },
    heads: heads.map(({ head, norm }) => ({ ...head, norm })),
    deEmbedding: {
      direct: tokens(0),
      heads: heads.map(({ head, norm }, i) => ({ ...head, norm, tokens: tokens(i + 1) })),
    },
  };
}

/** What lies above: features by what they read, directly and through the heads between. */
async function outputsOf({ parts, replacement, own, top, signal }: Context, written: readonly Float32Array[]) {
  const { engine } = parts;
  const { layers } = replacement.shape;
  const width = ensureDefined(written[0]).length;
  /** What the feature has written to the stream before block `layer`. */
  const before = (layer: number) =>
    sumOf(
      written.filter((_, output) => (own.writes[output] ?? 0) < layer),
      width,
    );
  const ways: { way: Way; from: number }[] = [];
  for (let layer = own.layer + 1; layer < layers; layer++) {
    const rows = await writtenByHeads(engine, layer, stacked([before(layer)], width), signal);
    for (const way of headWays(rows, layer, width)) ways.push({ way, from: layer });
  }
  const direct: Connection[] = [];
  const throughHeads: Connection[] = [];
  for (const target of replacement.layers) {
    if (target === undefined || target.layer <= own.layer) continue;
    throwIfCancelled(signal);
    const last = passesOwnAttention(engine.model, target) ? target.layer : target.layer - 1;
    const reached = [
      { head: null, vector: before(target.layer) },
      ...ways.filter(({ from }) => from <= last).map(({ way }) => way),
    ];
    const scores = await encoderScores(
      engine,
      target,
      stacked(
        reached.map(({ vector }) => vector),
        width,
      ),
      signal,
    );
    collect(reached, target, scores.data, top, direct, throughHeads);
  }
  return {
    connections: { direct: strongest(direct, top), throughHeads: strongest(throughHeads, top) },
    heads: strongestHeads(
      ways.map(({ way }) => way),
      top,
    ).map(({ head, norm }) => ({ ...head, norm })),
  };
}

/** [1, head, residual] → one way a head. */
function headWays({ data }: Tensor, layer: number, width: number): Way[] {
  return Array.from({ length: data.length / width }, (_, head) => ({
    head: { layer, head },
    vector: data.slice(head * width, (head + 1) * width),
  }));
}

/** The strongest of each row of scores [way, feature], into the list that it belongs to. */
function collect(
  ways: readonly Way[],
  { dictionary, layer }: ReplacementLayer,
  scores: Float32Array,
  top: number,
  direct: Connection[],
  throughHeads: Connection[],
): void {
  const { name, features } = dictionary.spec;
  for (const [row, { head }] of ways.entries()) {
    const values = scores.subarray(row * features, (row + 1) * features);
    const order = Int32Array.from(values, (_, feature) => feature);
    order.sort((a, b) => Math.abs(values[b] ?? 0) - Math.abs(values[a] ?? 0) || a - b);
    for (const feature of order.subarray(0, top)) {
      const connection = { dictionary: name, layer, feature, factor: values[feature] ?? 0, head };
      (head === null ? direct : throughHeads).push(connection);
    }
  }
}

function strongest(connections: readonly Connection[], top: number): Connection[] {
  return [...connections].sort((a, b) => Math.abs(b.factor) - Math.abs(a.factor)).slice(0, top);
}

function strongestHeads(ways: readonly Way[], top: number): { head: Head; norm: number; way: Way }[] {
  return ways
    .flatMap((way) => (way.head === null ? [] : [{ head: way.head, norm: Math.hypot(...way.vector), way }]))
    .sort((a, b) => b.norm - a.norm)
    .slice(0, top);
}

function sumOf(rows: readonly Float32Array[], width: number): Float32Array {
  return Float32Array.from({ length: width }, (_, i) => rows.reduce((sum, row) => sum + (row[i] ?? 0), 0));
}
