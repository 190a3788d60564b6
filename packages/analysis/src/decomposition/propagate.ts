/** Parts of the stream upwards through the frozen blocks, and the gradient of a target downwards. */
import type { Engine } from "@patchbay/transformer";
import { concatenateAlong, ensureDefined, type Tensor, tensor } from "@patchbay/vocabulary";
import { rowsPerPiece } from "../dictionaries/encode-features.ts";
import {
  frozenBlockGradientProgram,
  frozenBlockProgram,
  GRADIENT_INPUTS,
  GRADIENT_OUTPUTS,
  PART_INPUTS,
  PART_OUTPUTS,
} from "./frozen-block.ts";
import type { FrozenRun } from "./frozen-run.ts";

/** Rows of parts. What a row does not name is propagated from below; `whole` takes the recorded output in its place. */
export interface Parts {
  /** [row, position, residual] at the embedding. */
  readonly stream: Tensor;
  /** [row]: the row's weight of all biases, 0 or 1. */
  readonly biases: Float32Array;
  readonly splits?: readonly LayerSplit[];
}

/** Per layer: which outputs a row gets by propagation (`keep`) and which as recorded (`whole`). */
export interface LayerSplit {
  /** [row, position, head] each. */
  readonly headKeep: Float32Array;
  readonly headWhole: Float32Array;
  /** [row, position] each. */
  readonly mlpKeep: Float32Array;
  readonly mlpWhole: Float32Array;
}

/** One block's values of all rows. */
export interface BlockParts {
  /** [row, position, head, head_dimension] */
  readonly z: Tensor;
  /** [row, position, residual] */
  readonly attentionOut: Tensor;
  readonly middle: Tensor;
  readonly mlpOut: Tensor;
  readonly next: Tensor;
}

/** Runs blocks 0 … until−1 and shows each block's parts to `visit`. Returns the stream behind them. */
export async function propagateParts(
  engine: Engine,
  run: FrozenRun,
  { stream, biases, splits }: Parts,
  until: number,
  visit: (layer: number, parts: BlockParts) => void | Promise<void>,
  signal: AbortSignal,
): Promise<Tensor> {
  const { shape } = engine.model;
  const rows = biases.length;
  const widest = run.length * Math.max(shape.neurons, 4 * shape.residualWidth);
  const piece = rowsPerPiece(widest);
  let current = stream;
  for (let layer = 0; layer < until; layer++) {
    const found: BlockParts[] = [];
    for (let start = 0; start < rows; start += piece) {
      const end = Math.min(rows, start + piece);
      const cut = (value: Float32Array, each: number) => value.subarray(start * each, end * each);
      const feeds = {
        ...ensureDefined(run.layers[layer]).feeds,
        ...splitFeeds(run, shape.heads, splits?.[layer], start, end),
        [PART_INPUTS.parts]: tensor(
          current.axes,
          [end - start, run.length, shape.residualWidth],
          cut(current.data, run.length * shape.residualWidth),
        ),
        ...biasFeeds(cut(biases, 1)),
      };
      const fetches = Object.values(PART_OUTPUTS);
      const outputs = await engine.evaluate(frozenBlockProgram(engine.model, layer), feeds, fetches, signal);
      const axes = ["row", "position", "residual"];
      found.push({
        z: { ...outputs.z, axes: ["row", "position", "head", "head_dimension"] },
        attentionOut: { ...outputs.attention_out, axes },
        middle: { ...outputs.middle, axes },
        mlpOut: { ...outputs.mlp_out, axes },
        next: { ...outputs.next, axes },
      });
    }
    const joined = (name: keyof BlockParts) =>
      concatenateAlong(
        found.map((each) => each[name]),
        "row",
      );
    const all: BlockParts = {
      z: joined("z"),
      attentionOut: joined("attentionOut"),
      middle: joined("middle"),
      mlpOut: joined("mlpOut"),
      next: joined("next"),
    };
    await visit(layer, all);
    current = all.next;
  }
  return current;
}

/** Where a target reads the stream: before a block, between its attention and MLP, or at the end (layer = layers, "before"). */
export interface StreamPlace {
  readonly layer: number;
  readonly at: "before" | "middle";
}

/** Gradients of a target by one block's values, [position, …]; biases: the shares of the block's biases. */
export interface BlockGradient {
  /** [position, head × head_dimension] */
  readonly z: Float32Array;
  /** [position, residual] each. */
  readonly attentionOut: Float32Array;
  readonly mlpOut: Float32Array;
  readonly before: Float32Array;
  readonly attentionBias: number;
  readonly mlpBias: number;
}

/** Which heads and MLPs the gradient passes through; all where undefined. */
export interface PassThrough {
  readonly head: (layer: number, head: number) => boolean;
  readonly mlp: (layer: number) => boolean;
}

/**
 * A gradient [position, residual] at a place of the stream, through the frozen model, block by block downwards; exact, because the
 * frozen model is linear. Returns the gradient at the embedding.
 */
export async function pullBack(
  engine: Engine,
  run: FrozenRun,
  start: { readonly place: StreamPlace; readonly gradient: Float32Array },
  visit: (layer: number, gradient: BlockGradient) => void,
  signal: AbortSignal,
  through?: PassThrough,
): Promise<Float32Array> {
  const { shape } = engine.model;
  const { length } = run;
  const stream = (data: Float32Array) =>
    tensor(["row", "position", "residual"], [1, length, shape.residualWidth], data);
  const zeros = new Float32Array(length * shape.residualWidth);
  const middle = start.place.at === "middle";
  let gradient = middle ? zeros : start.gradient;
  for (let layer = start.place.layer - (middle ? 0 : 1); layer >= 0; layer--) {
    const fed = ensureDefined(run.layers[layer]);
    const feeds = {
      ...fed.feeds,
      ...splitFeeds(run, shape.heads, through && passing(through, layer, length, shape.heads), 0, 1),
      // The value itself does not matter: the map is linear. Its lengths do.
      [PART_INPUTS.parts]: stream(fed.residualPre.data),
      ...biasFeeds(Float32Array.of(1)),
      [GRADIENT_INPUTS.next]: stream(gradient),
      [GRADIENT_INPUTS.middle]: stream(middle && layer === start.place.layer ? start.gradient : zeros),
    };
    const fetches = Object.values(GRADIENT_OUTPUTS);
    const outputs = await engine.evaluate(frozenBlockGradientProgram(engine.model, layer), feeds, fetches, signal);
    const found: BlockGradient = {
      z: outputs[GRADIENT_OUTPUTS.z].data,
      attentionOut: outputs[GRADIENT_OUTPUTS.attentionOut].data,
      mlpOut: outputs[GRADIENT_OUTPUTS.mlpOut].data,
      before: outputs[GRADIENT_OUTPUTS.parts].data,
      attentionBias: outputs[GRADIENT_OUTPUTS.attentionBias].data[0] ?? 0,
      mlpBias: outputs[GRADIENT_OUTPUTS.mlpBias].data[0] ?? 0,
    };
    visit(layer, found);
    gradient = found.before;
  }
  return gradient;
}

function biasFeeds(weights: Float32Array) {
  const value = tensor(["row", "one", "one"], [weights.length, 1, 1], weights);
  return { [PART_INPUTS.attentionBias]: value, [PART_INPUTS.mlpBias]: value };
}

function splitFeeds(run: FrozenRun, heads: number, split: LayerSplit | undefined, start: number, end: number) {
  const rows = end - start;
  const value = (given: Float32Array | undefined, otherwise: number, inner: readonly number[]) => {
    const each = inner.reduce((product, count) => product * count, 1);
    const data = given?.subarray(start * each, end * each) ?? new Float32Array(rows * each).fill(otherwise);
    return tensor(["row", ...inner.map((_, i) => `axis${i}`)], [rows, ...inner], data);
  };
  const perHead = [run.length, heads, 1];
  return {
    [PART_INPUTS.headKeep]: value(split?.headKeep, 1, perHead),
    [PART_INPUTS.headWhole]: value(split?.headWhole, 0, perHead),
    [PART_INPUTS.mlpKeep]: value(split?.mlpKeep, 1, [run.length, 1]),
    [PART_INPUTS.mlpWhole]: value(split?.mlpWhole, 0, [run.length, 1]),
  };
}

function passing(through: PassThrough, layer: number, length: number, heads: number): LayerSplit {
  const keep = Float32Array.from({ length: heads }, (_, head) => (through.head(layer, head) ? 1 : 0));
  const headKeep = new Float32Array(length * heads);
  for (let position = 0; position < length; position++) headKeep.set(keep, position * heads);
  const mlpKeep = new Float32Array(length).fill(through.mlp(layer) ? 1 : 0);
  return { headKeep, headWhole: new Float32Array(length * heads), mlpKeep, mlpWhole: new Float32Array(length) };
}
