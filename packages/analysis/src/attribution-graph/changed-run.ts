/**
 * The prompt run again with nodes of its graph changed, several variants as rows of a batch. Blocks run one by one; what a
 * change adds to an MLP's output is added to the stream behind the block, which is the same.
 *
 *   recompute  the model itself: features are read from the changed stream, and the change takes what is there to its value
 *              (circuit-tracer's feature interventions)
 *   freeze     the model with norm scales and MLP outputs set to the recorded ones; skip paths pass changes on. What arrives
 *              downstream is the direct effect, the graph's edge
 *   linear     the replacement model: as freeze, and every active feature passes on the change of its pre-activation. What
 *              arrives is the graph's total effect, along all paths
 */
import type { Engine, SiteEdit } from "@patchbay/transformer";
import { ensureDefined, parseSite, type Site, type Tensor, tensor } from "@patchbay/vocabulary";
import { encodeFeatures } from "../dictionaries/encode-features.ts";
import { throwIfCancelled } from "./attribution-rows.ts";
import { LinearFeatures, skipChange } from "./linear-features.ts";
import { columnOf, type RecordedLayer, type RecordedRun } from "./recorded-run.ts";
import type { ReplacementLayer, ReplacementModel } from "./replacement-model.ts";
import { decoderRows } from "./weight-vectors.ts";

export type Downstream = "recompute" | "freeze" | "linear";

export interface NodeChange {
  readonly kind: "feature" | "error" | "token";
  /** −1 of a token. */
  readonly layer: number;
  readonly position: number;
  /** Of a feature; −1 else. */
  readonly feature: number;
  /** f′ = f·scale + offset; errors and tokens: their vector × scale. */
  readonly scale: number;
  readonly offset: number;
}

export interface ChangedRunOptions {
  readonly attention: "freeze" | "recompute";
  readonly downstream: Downstream;
  readonly signal: AbortSignal;
}

export interface ChangedRun {
  /** [variant, position, residual]: what the final norm reads. */
  readonly final: Float32Array;
  /** By layer with a dictionary: [variant, position, input], what it reads. */
  readonly inputs: ReadonlyMap<number, Float32Array>;
}

/** Variants that run at once: patterns are set by an edit of every element. */
export function variantsAtOnce(positions: number): number {
  return Math.max(1, Math.min(16, Math.floor(1024 / positions)));
}

export async function runChanged(
  engine: Engine,
  replacement: ReplacementModel,
  run: RecordedRun,
  variants: readonly (readonly NodeChange[])[],
  options: ChangedRunOptions,
): Promise<ChangedRun> {
  const { shape } = replacement;
  const width = shape.residualWidth;
  const size = run.positions * width;
  const tokens = variants.map(() => run.tokens);
  const inputs = new Map<number, Float32Array>();
  // Changes of MLP outputs by layer: [variant, position, residual]; cross-layer features fill those above.
  const changes = replacement.layers.map(() => undefined as Float32Array | undefined);
  const changeOf = (layer: number) => {
    const known = changes[layer] ?? new Float32Array(variants.length * size);
    changes[layer] = known;
    return known;
  };
  let residual = tensor(
    ["batch", "position", "residual"],
    [variants.length, run.positions, width],
    embeddings(run, variants, width),
  );
  for (const [layer, replaced] of replacement.layers.entries()) {
    throwIfCancelled(options.signal);
    const recorded = ensureDefined(run.layers[layer]);
    const input: Site | undefined = replaced === undefined ? undefined : parseSite(replaced.dictionary.spec.inputSite);
    const pass = await engine.forward({
      tokens,
      from: { layer, residual },
      until: layer + 1,
      edits: frozenEdits(engine, layer, recorded, run.positions, options),
      reads: input === undefined ? [] : [{ site: input }],
      signal: options.signal,
    });
    const read = pass.reads[0]?.data;
    if (read !== undefined) inputs.set(layer, read);
    addErrorChanges(variants, layer, recorded, changeOf, width, size);
    if (replaced !== undefined && read !== undefined) {
      const place = { engine, run, replaced, recorded, variants, read, changeOf, size, options };
      if (options.downstream !== "recompute" && replaced.dictionary.spec.skip) await addSkipChanges(place);
      if (options.downstream === "linear") await addLinearChanges(place);
      else await addFeatureChanges(place);
    }
    const change = changes[layer];
    residual = change === undefined ? pass.residual : { ...pass.residual, data: plus(pass.residual.data, change) };
  }
  return { final: residual.data, inputs };
}

interface LayerOfRun {
  readonly engine: Engine;
  readonly run: RecordedRun;
  readonly replaced: ReplacementLayer;
  readonly recorded: RecordedLayer;
  readonly variants: readonly (readonly NodeChange[])[];
  /** [variant, position, input] */
  readonly read: Float32Array;
  readonly changeOf: (layer: number) => Float32Array;
  /** Numbers of one variant's stream. */
  readonly size: number;
  readonly options: ChangedRunOptions;
}

function embeddings(run: RecordedRun, variants: readonly (readonly NodeChange[])[], width: number): Float32Array {
  const data = new Float32Array(variants.length * run.embedding.length);
  for (const [variant, changes] of variants.entries()) {
    data.set(run.embedding, variant * run.embedding.length);
    for (const { kind, position, scale } of changes) {
      if (kind !== "token") continue;
      const start = variant * run.embedding.length + position * width;
      for (let i = start; i < start + width; i++) data[i] = (data[i] ?? 0) * scale;
    }
  }
  return data;
}

/** Everything that is held at its recorded value in a block. */
function frozenEdits(
  engine: Engine,
  layer: number,
  { pattern, scale1, scale2, mlpOut }: RecordedLayer,
  positions: number,
  { attention, downstream }: ChangedRunOptions,
): SiteEdit[] {
  const held = (kind: Site["kind"], offset: Float32Array): SiteEdit => ({
    site: { kind, layer },
    rows: "all",
    positions: "all",
    units: "all",
    dimensions: "all",
    scale: 0,
    offset,
  });
  const edits: SiteEdit[] = [];
  const { heads, norm } = engine.model.shape;
  if (attention === "freeze" || downstream !== "recompute") {
    edits.push(held("attn.hook_pattern", queriesFirst(pattern, heads, positions)));
  }
  if (downstream === "recompute") return edits;
  if (norm.kind !== "none") edits.push(held("ln1.hook_scale", scale1), held("ln2.hook_scale", scale2));
  edits.push(held("hook_mlp_out", mlpOut));
  return edits;
}

/** [head, query, key] → [query, head, key], the order in which edits count. */
function queriesFirst(pattern: Float32Array, heads: number, positions: number): Float32Array {
  const turned = new Float32Array(pattern.length);
  for (let head = 0; head < heads; head++) {
    for (let query = 0; query < positions; query++) {
      const from = (head * positions + query) * positions;
      turned.set(pattern.subarray(from, from + positions), (query * heads + head) * positions);
    }
  }
  return turned;
}

function addErrorChanges(
  variants: readonly (readonly NodeChange[])[],
  layer: number,
  { error }: RecordedLayer,
  changeOf: (layer: number) => Float32Array,
  width: number,
  size: number,
): void {
  for (const [variant, changes] of variants.entries()) {
    for (const { kind, layer: at, position, scale } of changes) {
      if (kind !== "error" || at !== layer) continue;
      addScaled(changeOf(layer), variant * size + position * width, error, position * width, width, scale - 1);
    }
  }
}

/** Changed features of a layer: what takes them from where they are to their value. */
async function addFeatureChanges(place: LayerOfRun): Promise<void> {
  const { engine, replaced, variants, options } = place;
  const changed = variants.flatMap((changes, variant) =>
    changes
      .filter(({ kind, layer }) => kind === "feature" && layer === replaced.layer)
      .map((change) => ({ variant, change })),
  );
  if (changed.length === 0) return;
  const current = options.downstream === "recompute" ? await featuresNow(place) : featuresRecorded(place);
  const features = [...new Set(changed.map(({ change }) => change.feature))];
  for (const [output, layer] of replaced.writes.entries()) {
    const { data, shape } = await decoderRows(engine, replaced, output, features, options.signal);
    const width = ensureDefined(shape[1]);
    const rowOf = new Map(features.map((feature, row) => [feature, row]));
    for (const { variant, change } of changed) {
      const now = current(variant, change.position, change.feature);
      const difference = now * change.scale + change.offset - now;
      const from = ensureDefined(rowOf.get(change.feature)) * width;
      addScaled(place.changeOf(layer), variant * place.size + change.position * width, data, from, width, difference);
    }
  }
}

type Activations = (variant: number, position: number, feature: number) => number;

async function featuresNow({ engine, run, replaced, variants, read, options }: LayerOfRun): Promise<Activations> {
  const { dictionary } = replaced;
  const rows = tensor(["row", "input"], [variants.length * run.positions, dictionary.spec.inputWidth], read);
  const { starts, features, values } = await encodeFeatures(engine, dictionary, rows, options.signal);
  return (variant, position, feature) => {
    const row = variant * run.positions + position;
    const first = starts[row] ?? 0;
    const place = features.subarray(first, starts[row + 1]).indexOf(feature);
    return place < 0 ? 0 : (values[first + place] ?? 0);
  };
}

function featuresRecorded({ run, replaced }: LayerOfRun): Activations {
  return (_, position, feature) => {
    const column = columnOf(run.features, replaced.layer, position, feature);
    return column === undefined ? 0 : (run.features.values[column] ?? 0);
  };
}

async function addSkipChanges({ engine, replaced, recorded, variants, read, changeOf, size, options }: LayerOfRun) {
  const difference = differenceFrom(read, ensureDefined(recorded.input), variants.length);
  const change = await skipChange(engine, replaced, difference, options.signal);
  addScaled(changeOf(replaced.layer), 0, change, 0, variants.length * size, 1);
}

/** Every active feature follows its pre-activation; changed ones go where they were told. */
async function addLinearChanges(place: LayerOfRun): Promise<void> {
  const { engine, run, replaced, recorded, variants, read, changeOf, size, options } = place;
  const linear = new LinearFeatures(engine, run, replaced, options.signal);
  const inputSize = ensureDefined(recorded.input).length;
  for (const [variant, changes] of variants.entries()) {
    const now = read.subarray(variant * inputSize, (variant + 1) * inputSize);
    const moved = await linear.preActivationChanges(differenceFrom(now, ensureDefined(recorded.input), 1));
    for (const { kind, layer, position, feature, scale, offset } of changes) {
      if (kind !== "feature" || layer !== replaced.layer) continue;
      const column = columnOf(run.features, layer, position, feature);
      if (column === undefined) continue;
      const value = run.features.values[column] ?? 0;
      const at = column - linear.firstColumn;
      moved[at] = (value + (moved[at] ?? 0)) * scale + offset - value;
    }
    for (const [output, layer] of replaced.writes.entries()) {
      addScaled(changeOf(layer), variant * size, await linear.written(moved, output), 0, size, 1);
    }
  }
}

/** now − recorded, the recorded one for every variant. */
export function differenceFrom(now: Float32Array, recorded: Float32Array, variants: number): Float32Array {
  const size = now.length / variants;
  return now.map((value, i) => value - (recorded[i % size] ?? 0));
}

function addScaled(
  sum: Float32Array,
  at: number,
  values: Float32Array,
  from: number,
  count: number,
  factor: number,
): void {
  for (let i = 0; i < count; i++) sum[at + i] = (sum[at + i] ?? 0) + factor * (values[from + i] ?? 0);
}

function plus(a: Float32Array, b: Float32Array): Float32Array {
  return a.map((value, i) => value + (b[i] ?? 0));
}

/** [variant, 1, residual] of the final stream at one position. */
export function finalAt({ final }: ChangedRun, run: RecordedRun, position: number, width: number): Tensor {
  const size = run.positions * width;
  const variants = final.length / size;
  const data = new Float32Array(variants * width);
  for (let variant = 0; variant < variants; variant++) {
    const from = variant * size + position * width;
    data.set(final.subarray(from, from + width), variant * width);
  }
  return tensor(["batch", "position", "residual"], [variants, 1, width], data);
}
