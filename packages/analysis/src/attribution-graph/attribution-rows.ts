/**
 * Rows of the adjacency matrix: for each target, the direct effect of every active feature, error and token of the prompt.
 *
 * Targets go in batches: those of one layer together, by position, so that a batch needs only the positions up to its last
 * target's and only the blocks below. A full row exists for one batch at a time.
 */
import { DICTIONARY_TENSORS } from "@patchbay/dictionary";
import type { Engine } from "@patchbay/transformer";
import { ensureDefined, PatchbayError, type Tensor, type TensorData, tensor } from "@patchbay/vocabulary";
import { int64 } from "../programs/readout.ts";
import { BACKWARD_OUTPUTS, backwardProgram, skipPathOf } from "./backward-programs.ts";
import { passesOwnAttention } from "./linear-parts.ts";
import { dictionaryScale, type PaddedReads, paddedReads } from "./padded-reads.ts";
import { cellOf, type RecordedRun } from "./recorded-run.ts";
import type { ReplacementLayer, ReplacementModel } from "./replacement-model.ts";
import { encoderProgram, featureReadProgram, featureStartProgram, tokenReadProgram } from "./start-programs.ts";

/** Numbers of one gradient tensor [position, target, residual]: several of them are alive at a time. */
const GRADIENT_SIZE = 2 ** 21;
const MOST_TARGETS = 128;
/** Lengths of position ranges are rounded up to this, so that patterns are cut once for many batches. */
const POSITION_STEP = 4;

/** Where the columns of a row lie: features, then errors (layer-major), then tokens. */
export interface RowLayout {
  readonly features: number;
  readonly errors: number;
  readonly tokens: number;
  readonly length: number;
}

export function rowLayout(run: RecordedRun): RowLayout {
  const errors = run.features.count;
  const tokens = errors + run.layers.length * run.positions;
  return { features: 0, errors, tokens, length: tokens + run.positions };
}

/** A direction of the final residual stream at one position: a logit, or a difference of logits. */
export interface StreamTarget {
  readonly position: number;
  /** [residual], before the final norm */
  readonly direction: Float32Array;
  /** What the final norm's and the LM head's biases give. */
  readonly bias: number;
}

export interface RowBatch {
  /** Columns of the targets in the list of active features, or places in the list of stream targets. */
  readonly targets: readonly number[];
  /** Row t is `values` from t × layout.length; valid until the next batch. */
  readonly values: Float32Array;
  /** [target]: what biases give. */
  readonly biases: Float32Array;
  /** Columns from this on up to the errors are zero in every row: features that lie above. */
  readonly featureEnd: number;
}

export class AttributionRows {
  readonly layout: RowLayout;
  readonly #engine: Engine;
  readonly #model: ReplacementModel;
  readonly #run: RecordedRun;
  readonly #signal: AbortSignal;
  readonly #corners = new Map<number, Float32Array>();
  readonly #reads: readonly PaddedReads[];
  readonly #skips = new Map<string, Tensor>();
  #cornerLength = 0;
  #buffer = new Float32Array(0);
  #peakBytes = 0;

  constructor(engine: Engine, model: ReplacementModel, run: RecordedRun, signal: AbortSignal) {
    this.#engine = engine;
    this.#model = model;
    this.#run = run;
    this.#signal = signal;
    this.layout = rowLayout(run);
    this.#reads = model.layers.flatMap((layer) => (layer === undefined ? [] : [paddedReads(run, layer)]));
  }

  /** Bytes of the largest batch so far: the row buffer and an estimate of the gradients alive beside it. */
  get peakBytes(): number {
    return this.#peakBytes;
  }

  /** Rows of targets behind the last block. */
  async ofStream(targets: readonly StreamTarget[]): Promise<RowBatch> {
    const width = this.#model.shape.residualWidth;
    const positions = this.#paddedLength(Math.max(...targets.map(({ position }) => position)));
    const gradient = new Float32Array(positions * targets.length * width);
    const biases = new Float32Array(targets.length);
    targets.forEach(({ position, direction, bias }, t) => {
      gradient.set(direction, (position * targets.length + t) * width);
      biases[t] = bias;
    });
    const start = tensor(["position", "target", "residual"], [positions, targets.length, width], gradient);
    return this.#descend(
      start,
      this.#model.shape.layers,
      targets.map((_, t) => t),
      biases,
    );
  }

  /** Rows of active features, batch by batch, from the highest layer down; the same batches for the same set of columns. */
  async *ofFeatures(columns: readonly number[]): AsyncGenerator<RowBatch> {
    for (const { layer, targets, positions } of this.#batches(columns)) {
      const { next, biases } = await this.#start(layer, targets, positions);
      yield await this.#descend(
        next,
        layer.layer,
        targets.map(({ column }) => column),
        biases,
      );
    }
  }

  *#batches(columns: readonly number[]): Generator<FeatureBatch> {
    const { shape, layers } = this.#model;
    const byLayer = new Map<number, FeatureTarget[]>();
    for (const column of [...columns].sort((a, b) => a - b)) {
      const cell = cellOf(this.#run.features, column);
      const layer = Math.floor(cell / this.#run.positions);
      byLayer.set(layer, [...(byLayer.get(layer) ?? []), { column, position: cell % this.#run.positions }]);
    }
    // The highest layer first: when a row is made, those of all its readers are there.
    for (const [layer, targets] of [...byLayer].reverse()) {
      // From the last position down: the length that fits the first target of a batch fits all.
      targets.reverse();
      for (let start = 0; start < targets.length; ) {
        const positions = this.#paddedLength(ensureDefined(targets[start]).position);
        const size = Math.max(1, Math.floor(GRADIENT_SIZE / (positions * shape.residualWidth)));
        const end = Math.min(targets.length, start + Math.min(size, MOST_TARGETS));
        yield { layer: ensureDefined(layers[layer]), targets: targets.slice(start, end), positions };
        start = end;
      }
    }
  }

  #paddedLength(position: number): number {
    return Math.min(this.#run.positions, Math.ceil((position + 1) / POSITION_STEP) * POSITION_STEP);
  }

  async #start(
    replaced: ReplacementLayer,
    targets: readonly FeatureTarget[],
    positions: number,
  ): Promise<{ next: Tensor; biases: Float32Array }> {
    const { model } = this.#engine;
    const recorded = ensureDefined(this.#run.layers[replaced.layer]);
    const count = targets.length;
    const at = new Float32Array(count * positions);
    targets.forEach(({ position }, t) => {
      at[t * positions + position] = 1;
    });
    const each = (of: (position: number) => number) =>
      tensor(
        ["target", "one"],
        [count, 1],
        Float32Array.from(targets, ({ position }) => of(position)),
      );
    const read = await this.#engine.evaluate(
      encoderProgram(replaced.dictionary),
      {
        features: int64(targets.map(({ column }) => this.#run.features.features[column] ?? 0)),
        scale: each((position) => dictionaryScale(replaced, ensureDefined(recorded.input), position)),
      },
      ["direction", "bias"],
      this.#signal,
    );
    const feeds: Record<string, Tensor<TensorData>> = {
      direction: read.direction,
      at: tensor(["target", "position", "one"], [count, positions, 1], at),
      scale: each((position) => (replaced.reads === "normalised" ? 1 / (recorded.scale2[position] ?? 1) : 1)),
    };
    if (passesOwnAttention(model, replaced)) {
      feeds["positions"] = int64(targets.map(({ position }) => position));
      feeds["pattern"] = this.#pattern(replaced.layer, positions);
    }
    const program = featureStartProgram(model, replaced);
    const { next, bias } = await this.#engine.evaluate(program, feeds, ["next", "bias"], this.#signal);
    return { next, biases: bias.data.map((share, t) => share + (read.bias.data[t] ?? 0)) };
  }

  /** From the gradient before block `layer` down to the embeddings. */
  async #descend(
    start: Tensor,
    layer: number,
    targets: readonly number[],
    startBiases: Float32Array,
  ): Promise<RowBatch> {
    const [positions = 0, count = 0] = start.shape;
    const { layout } = this;
    const values = this.#rowBuffer(count);
    const biases = startBiases.slice();
    const active = this.#run.features;
    let gradient = start;
    for (let below = layer - 1; below >= 0; below--) {
      throwIfCancelled(this.#signal);
      await this.#readFeatures(gradient, below, values);
      const found = await this.#passBlock(gradient, below);
      spread(
        found.errors.data,
        values,
        { count, positions, stride: layout.length },
        layout.errors + below * active.positions,
      );
      found.bias.data.forEach((share, t) => {
        biases[t] = (biases[t] ?? 0) + share;
      });
      gradient = found.next;
    }
    const { edges } = await this.#engine.evaluate(
      tokenReadProgram(this.#engine.model),
      { gradient, embedding: this.#front(this.#run.embedding, positions) },
      ["edges"],
      this.#signal,
    );
    spread(edges.data, values, { count, positions, stride: layout.length }, layout.tokens);
    return { targets, values, biases, featureEnd: active.starts[layer * active.positions] ?? 0 };
  }

  async #passBlock(gradient: Tensor, layer: number) {
    const { model } = this.#engine;
    const replaced = this.#model.layers[layer];
    const skip = skipPathOf(replaced);
    const { scale2, error, constant } = ensureDefined(this.#run.layers[layer]);
    const [positions = 0] = gradient.shape;
    const width = model.shape.residualWidth;
    const fixed = new Float32Array(positions * 2 * width);
    for (let position = 0; position < positions; position++) {
      fixed.set(error.subarray(position * width, (position + 1) * width), 2 * position * width);
      fixed.set(constant.subarray(position * width, (position + 1) * width), (2 * position + 1) * width);
    }
    const feeds: Record<string, Tensor> = {
      gradient,
      pattern: this.#pattern(layer, positions),
      fixed: tensor(["position", "kind", "residual"], [positions, 2, width], fixed),
    };
    if (skip !== "none") feeds["skip"] = await this.#skipOf(ensureDefined(replaced));
    if (skip === "normalised") {
      const inverse = scale2.subarray(0, positions).map((scale) => 1 / scale);
      feeds["inverse_scale"] = tensor(["position", "one", "one"], [positions, 1, 1], inverse);
    }
    return this.#engine.evaluate(backwardProgram(model, layer, skip), feeds, BACKWARD_OUTPUTS, this.#signal);
  }

  /** Effects of the features that write to the MLP output of `layer`, added into the rows. */
  async #readFeatures(gradient: Tensor, layer: number, values: Float32Array): Promise<void> {
    const [positions = 0, count = 0, width = 0] = gradient.shape;
    const stride = this.layout.length;
    for (const { source, blocks } of this.#reads) {
      const output = source.writes.indexOf(layer);
      if (output < 0) continue;
      const program = featureReadProgram(source.dictionary, output);
      for (const { start, end, most, places, activations, firstColumns, counts } of blocks) {
        const rows = Math.min(end, positions) - start;
        if (rows <= 0 || most === 0) continue;
        const size = rows * most;
        const { edges } = await this.#engine.evaluate(
          program,
          {
            gradient: tensor(
              gradient.axes,
              [rows, count, width],
              gradient.data.subarray(start * count * width, (start + rows) * count * width),
            ),
            places: tensor(["position", "active"], [rows, most], places.subarray(0, size)),
            activations: tensor(["position", "active"], [rows, most], activations.subarray(0, size)),
          },
          ["edges"],
          this.#signal,
        );
        for (let row = 0; row < rows; row++) {
          const [first = 0, number = 0] = [firstColumns[row], counts[row]];
          for (let t = 0; t < count; t++) {
            const from = (row * count + t) * most;
            const to = t * stride + first;
            for (let i = 0; i < number; i++) values[to + i] = (values[to + i] ?? 0) + (edges.data[from + i] ?? 0);
          }
        }
      }
    }
  }

  async #skipOf({ dictionary }: ReplacementLayer): Promise<Tensor> {
    const known = this.#skips.get(dictionary.hash) ?? (await dictionary.read(DICTIONARY_TENSORS.skip));
    this.#skips.set(dictionary.hash, known);
    return known;
  }

  /** [head, key, query] of the first positions, each divided by the first norm's scale at its key. */
  #pattern(layer: number, positions: number): Tensor {
    if (this.#cornerLength !== positions) {
      this.#corners.clear();
      this.#cornerLength = positions;
    }
    const { heads } = this.#model.shape;
    let corner = this.#corners.get(layer);
    if (corner === undefined) {
      const { pattern, scale1 } = ensureDefined(this.#run.layers[layer]);
      const all = this.#run.positions;
      corner = new Float32Array(heads * positions * positions);
      for (let head = 0; head < heads; head++) {
        for (let query = 0; query < positions; query++) {
          for (let key = 0; key <= query; key++) {
            corner[(head * positions + key) * positions + query] =
              (pattern[(head * all + query) * all + key] ?? 0) / (scale1[key] ?? 1);
          }
        }
      }
      this.#corners.set(layer, corner);
    }
    return tensor(["head", "key", "query"], [heads, positions, positions], corner);
  }

  #front(data: Float32Array, positions: number): Tensor {
    const width = this.#model.shape.residualWidth;
    return tensor(["position", "one", "residual"], [positions, 1, width], data.subarray(0, positions * width));
  }

  #rowBuffer(count: number): Float32Array {
    const size = count * this.layout.length;
    if (this.#buffer.length < size) this.#buffer = new Float32Array(size);
    else this.#buffer.fill(0, 0, size);
    // Gradient in and out, projected once, and the same turned round.
    this.#peakBytes = Math.max(this.#peakBytes, 4 * (this.#buffer.length + 5 * GRADIENT_SIZE));
    return this.#buffer.subarray(0, size);
  }
}

interface FeatureTarget {
  readonly column: number;
  readonly position: number;
}

interface FeatureBatch {
  readonly layer: ReplacementLayer;
  readonly targets: readonly FeatureTarget[];
  readonly positions: number;
}

/** [position, target] into the rows, from column `first` on. */
function spread(
  edges: Float32Array,
  rows: Float32Array,
  { count, positions, stride }: { count: number; positions: number; stride: number },
  first: number,
): void {
  for (let position = 0; position < positions; position++) {
    for (let t = 0; t < count; t++) rows[t * stride + first + position] = edges[position * count + t] ?? 0;
  }
}

/** @throws PatchbayError `cancelled` */
export function throwIfCancelled(signal: AbortSignal): void {
  if (signal.aborted) throw new PatchbayError("cancelled", "The work was cancelled.");
}
