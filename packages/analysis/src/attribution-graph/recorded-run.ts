/**
 * The one real pass of a graph: what the local replacement model holds fixed (patterns, norm scales) and what it takes apart
 * (MLP outputs into features, errors and constants). Of one prompt; P positions.
 */
import { DICTIONARY_TENSORS, type Dictionary } from "@patchbay/dictionary";
import type { Engine, SiteRead } from "@patchbay/transformer";
import { ensureDefined, parseSite, type Site } from "@patchbay/vocabulary";
import { asRows, reconstruct } from "../dictionaries/encode-features.ts";
import type { SparseFeatures } from "../dictionaries/sparse-features.ts";
import { type ReplacementLayer, type ReplacementModel, skipsFirst } from "./replacement-model.ts";

export interface RecordedLayer {
  /** [head, query, key] */
  readonly pattern: Float32Array;
  /** [position]: √(mean square + ε) of the norms before attention and before the MLP */
  readonly scale1: Float32Array;
  readonly scale2: Float32Array;
  /** [position, residual] */
  readonly mlpOut: Float32Array;
  /** [position, input]: what the layer's dictionary reads; undefined without one */
  readonly input: Float32Array | undefined;
  /** [position, residual]: MLP output − everything that dictionaries make of it; zero where the position is not encoded */
  readonly error: Float32Array;
  /** [position, residual]: decoder bias; where the position is not encoded, the MLP output without the skip path */
  readonly constant: Float32Array;
}

export interface RecordedRun {
  readonly tokens: readonly number[];
  readonly positions: number;
  /** [position, residual]: token embedding, and the learned position embedding where there is one */
  readonly embedding: Float32Array;
  readonly layers: readonly RecordedLayer[];
  readonly features: ActiveFeatures;
  /** [position, residual]: the stream that the final norm reads */
  readonly final: Float32Array;
}

/**
 * Every (layer, position, feature) that is active, in this order. A *column* is a place in the list; a *cell* is a layer and a
 * position, layer × P + position.
 */
export interface ActiveFeatures {
  readonly count: number;
  readonly positions: number;
  /** Columns of cell c lie at starts[c] … starts[c + 1]. */
  readonly starts: Int32Array;
  readonly features: Int32Array;
  readonly values: Float32Array;
}

/** Cell of a column, by bisection. */
export function cellOf({ starts }: ActiveFeatures, column: number): number {
  let low = 0;
  let high = starts.length - 1;
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if ((starts[middle] ?? 0) <= column) low = middle;
    else high = middle;
  }
  return low;
}

/** The column of an active feature; undefined where it is not active. */
export function columnOf(active: ActiveFeatures, layer: number, position: number, feature: number): number | undefined {
  const cell = layer * active.positions + position;
  const column = active.features.subarray(active.starts[cell], active.starts[cell + 1]).indexOf(feature);
  return column < 0 ? undefined : (active.starts[cell] ?? 0) + column;
}

export async function recordRun(
  engine: Engine,
  model: ReplacementModel,
  tokens: readonly number[],
  signal: AbortSignal,
): Promise<RecordedRun> {
  const { shape, layers } = model;
  const scales = shape.norm.kind !== "none";
  const perLayer = layers.map((replaced, layer): Site[] => [
    { kind: "attn.hook_pattern", layer },
    { kind: "hook_mlp_out", layer },
    ...(scales ? [{ kind: "ln1.hook_scale", layer } as const, { kind: "ln2.hook_scale", layer } as const] : []),
    ...(replaced === undefined ? [] : [parseSite(replaced.dictionary.spec.inputSite)]),
  ]);
  const embeddings: Site[] = [{ kind: "hook_embed" }];
  if (shape.positions.kind === "learned") embeddings.push({ kind: "hook_pos_embed" });
  const reads: SiteRead[] = [...embeddings, ...perLayer.flat()].map((site) => ({ site }));
  const pass = await engine.forward({ tokens: [tokens], reads, signal });
  const queue = [...pass.reads];
  const take = () => ensureDefined(queue.shift(), "recorded value");
  const embedding = sumOf(embeddings.map(() => take().data));
  const recorded = perLayer.map((sites) => sites.map(take));

  const outputs = recorded.map((values) => ({ made: new Float32Array(ensureDefined(values[1]).data.length) }));
  const found: (SparseFeatures | undefined)[] = [];
  for (const [layer, replaced] of layers.entries()) {
    const input = recorded[layer]?.at(-1);
    if (replaced === undefined || input === undefined) {
      found.push(undefined);
      continue;
    }
    const { features, outputs: made } = await reconstruct(engine, replaced.dictionary, asRows(input), signal);
    found.push(withoutFirst(features, skipsFirst(replaced)));
    for (const [output, target] of replaced.writes.entries()) {
      // A position that is not encoded keeps its skip path only; `constantOf` makes up for the rest.
      addInto(
        ensureDefined(outputs[target]).made,
        ensureDefined(made[output]).data,
        skipsFirst(replaced),
        shape.residualWidth,
      );
    }
  }
  const run: RecordedLayer[] = [];
  for (const [layer, values] of recorded.entries()) {
    const [pattern, mlpOut, ...more] = values.map(({ data }) => data);
    const input = layers[layer] === undefined ? undefined : more.at(-1);
    const ones = () => new Float32Array(tokens.length).fill(1);
    const [scale1, scale2] = scales ? more : [ones(), ones()];
    const parts = { mlpOut: ensureDefined(mlpOut), made: ensureDefined(outputs[layer]).made, input };
    const { error, constant } = await takeApart(layers[layer], shape.residualWidth, parts);
    run.push({
      pattern: ensureDefined(pattern),
      scale1: ensureDefined(scale1),
      scale2: ensureDefined(scale2),
      mlpOut: ensureDefined(mlpOut),
      input,
      error,
      constant,
    });
  }
  return {
    tokens,
    positions: tokens.length,
    embedding,
    layers: run,
    features: collectActive(found, tokens.length),
    final: pass.residual.data,
  };
}

/** error + constant = MLP output − features' part − skip path, at every position. */
async function takeApart(
  replaced: ReplacementLayer | undefined,
  width: number,
  { mlpOut, made, input }: { mlpOut: Float32Array; made: Float32Array; input: Float32Array | undefined },
): Promise<{ error: Float32Array; constant: Float32Array }> {
  const error = mlpOut.map((value, i) => value - (made[i] ?? 0));
  const constant = new Float32Array(mlpOut.length);
  if (replaced === undefined) return { error, constant };
  const { dictionary } = replaced;
  const bias = (await dictionary.read(DICTIONARY_TENSORS.decoderBias)).data;
  for (let i = 0; i < constant.length; i++) constant[i] = bias[i % width] ?? 0;
  if (skipsFirst(replaced)) {
    const skipped = await firstSkip(dictionary, input);
    for (let i = 0; i < width; i++) {
      constant[i] = (error[i] ?? 0) - (skipped[i] ?? 0);
      error[i] = 0;
    }
  }
  return { error, constant };
}

/** x·W_skipᵀ at the first position: [output]; empty without a skip path. */
async function firstSkip(dictionary: Dictionary, input: Float32Array | undefined): Promise<Float32Array> {
  if (!dictionary.spec.skip || input === undefined) return new Float32Array(0);
  const { data, shape } = await dictionary.read(DICTIONARY_TENSORS.skip);
  const [outputs = 0, inputs = 0] = shape;
  return Float32Array.from({ length: outputs }, (_, output) => {
    let sum = 0;
    for (let i = 0; i < inputs; i++) sum += (data[output * inputs + i] ?? 0) * (input[i] ?? 0);
    return sum;
  });
}

function addInto(sum: Float32Array, values: Float32Array, exceptFirst: boolean, width: number): void {
  for (let i = exceptFirst ? width : 0; i < sum.length; i++) sum[i] = (sum[i] ?? 0) + (values[i] ?? 0);
}

function sumOf(values: readonly Float32Array[]): Float32Array {
  const [first, ...more] = values;
  const sum = Float32Array.from(ensureDefined(first));
  for (const value of more) addInto(sum, value, false, 0);
  return sum;
}

function withoutFirst(features: SparseFeatures, without: boolean): SparseFeatures {
  if (!without) return features;
  const starts = features.starts.slice();
  // Row 0 keeps no entries: it begins where it ends.
  starts[0] = starts[1] ?? 0;
  return { ...features, starts };
}

function collectActive(found: readonly (SparseFeatures | undefined)[], positions: number): ActiveFeatures {
  const entriesIn = (features: SparseFeatures | undefined, row: number) =>
    features === undefined ? 0 : (features.starts[row + 1] ?? 0) - (features.starts[row] ?? 0);
  const starts = new Int32Array(found.length * positions + 1);
  for (const [layer, sparse] of found.entries()) {
    for (let position = 0; position < positions; position++) {
      const cell = layer * positions + position;
      starts[cell + 1] = (starts[cell] ?? 0) + entriesIn(sparse, position);
    }
  }
  const count = starts.at(-1) ?? 0;
  const features = new Int32Array(count);
  const values = new Float32Array(count);
  let column = 0;
  for (const sparse of found) {
    for (let row = 0; sparse !== undefined && row < positions; row++) {
      const first = sparse.starts[row] ?? 0;
      const entries = Array.from({ length: entriesIn(sparse, row) }, (_, i) => first + i);
      entries.sort((a, b) => (sparse.features[a] ?? 0) - (sparse.features[b] ?? 0));
      for (const entry of entries) {
        features[column] = sparse.features[entry] ?? 0;
        values[column++] = sparse.values[entry] ?? 0;
      }
    }
  }
  return { count, positions, starts, features, values };
}
