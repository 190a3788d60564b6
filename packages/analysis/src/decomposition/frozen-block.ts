/**
 * A block with everything held fixed that is not linear: what is left maps any part of the residual stream to the same part behind
 * the block, and parts that sum to the stream before sum to the stream behind (Modarressi et al. 2023, DecompX; Hsu et al. 2025,
 * CD-T).
 *
 * Frozen: both norms' scales, the attention pattern, and for each neuron the factor f = activation / linear projection of the run:
 * in a gated MLP f = act(gate) and the up projection stays linear; in a plain one f = act(x)/x, the line through the origin and
 * (x, act(x)), so that no intercept has to be shared out. Where the projection is exactly 0 the activation is 0 too, and f = 0.
 *
 * Biases belong to the parts that say so: each row has a weight for the biases of attention and of the MLP.
 */
import { differentiate, GraphBuilder, type ValueName } from "@patchbay/onnx-graph";
import {
  biasValue,
  float32Value,
  type LinearWeight,
  matrixValue,
  type NormWeight,
  type Program,
  type TransformerModel,
} from "@patchbay/transformer";
import { FROZEN_INPUTS } from "./frozen-run.ts";

/** Inputs beside those of the run. Rows are independent parts. */
export const PART_INPUTS = {
  /** [row, position, residual] before the block. */
  parts: "parts",
  /** [row, 1, 1]: how much of the biases is this row's. */
  attentionBias: "attention_bias_weight",
  mlpBias: "mlp_bias_weight",
  /** [row, position, head, 1]: z ← z·keep + recorded z·whole. */
  headKeep: "head_keep",
  headWhole: "head_whole",
  /** [row, position, 1]: mlp_out ← mlp_out·keep + recorded mlp_out·whole. */
  mlpKeep: "mlp_keep",
  mlpWhole: "mlp_whole",
} as const;

/** Outputs of the forward graph. */
export const PART_OUTPUTS = {
  /** [row, position, head, head_dimension] */
  z: "z",
  /** [row, position, residual] */
  attentionOut: "attention_out",
  middle: "middle",
  mlpOut: "mlp_out",
  next: "next",
} as const;

/** Inputs of the backward graph: gradients at the stream behind the block, and between attention and MLP. */
export const GRADIENT_INPUTS = { next: "gradient_next", middle: "gradient_middle" } as const;

/** Outputs of the backward graph, by the value that they belong to. */
export const GRADIENT_OUTPUTS = {
  parts: "gradient(parts)",
  z: "gradient(z)",
  attentionOut: "gradient(attention_out)",
  mlpOut: "gradient(mlp_out)",
  attentionBias: "gradient(attention_bias_weight)",
  mlpBias: "gradient(mlp_bias_weight)",
} as const;

export function frozenBlockProgram(model: TransformerModel, layer: number): Program {
  return { key: `decomposition.block.${layer}`, build: () => buildFrozenBlock(model, layer) };
}

/** The same block with the linear map's transpose behind it. */
export function frozenBlockGradientProgram(model: TransformerModel, layer: number): Program {
  return {
    key: `decomposition.block-gradient.${layer}`,
    build: () =>
      differentiate(buildFrozenBlock(model, layer), {
        of: [
          { value: PART_OUTPUTS.next, cotangent: GRADIENT_INPUTS.next },
          { value: PART_OUTPUTS.middle, cotangent: GRADIENT_INPUTS.middle },
        ],
        by: [
          PART_INPUTS.parts,
          PART_OUTPUTS.z,
          PART_OUTPUTS.attentionOut,
          PART_OUTPUTS.mlpOut,
          PART_INPUTS.attentionBias,
          PART_INPUTS.mlpBias,
        ],
      }).graph,
  };
}

function buildFrozenBlock(model: TransformerModel, layer: number) {
  const { heads, residualWidth: width } = model.shape;
  const g = new GraphBuilder(`decomposition.block.${layer}`);
  const parts = g.input(PART_INPUTS.parts, "float32", ["row", "position", width]);
  const bias = (name: string) => g.input(name, "float32", ["row", 1, 1]);
  const [attentionBias, mlpBias] = [bias(PART_INPUTS.attentionBias), bias(PART_INPUTS.mlpBias)];
  const split = (keepName: string, wholeName: string, inner: readonly number[]): Split => ({
    keep: g.input(keepName, "float32", ["row", "position", ...inner]),
    whole: g.input(wholeName, "float32", ["row", "position", ...inner]),
  });
  const headSplit = split(PART_INPUTS.headKeep, PART_INPUTS.headWhole, [heads, 1]);
  const mlpSplit = split(PART_INPUTS.mlpKeep, PART_INPUTS.mlpWhole, [1]);

  const { z, attentionOut } = attentionOfParts(g, model, layer, parts, attentionBias, headSplit);
  const middle = g.add(parts, attentionOut, PART_OUTPUTS.middle);
  const source = model.shape.arrangement === "parallel" ? parts : middle;
  const mlpOut = mlpOfParts(g, model, layer, source, mlpBias, mlpSplit);
  const next = g.add(middle, mlpOut, PART_OUTPUTS.next);

  g.output(z, "float32", ["row", "position", heads, model.shape.headWidth]);
  for (const value of [attentionOut, middle, mlpOut, next]) g.output(value, "float32", ["row", "position", width]);
  return g.build();
}

interface Split {
  readonly keep: ValueName;
  readonly whole: ValueName;
}

function attentionOfParts(
  g: GraphBuilder,
  model: TransformerModel,
  layer: number,
  parts: ValueName,
  biasWeight: ValueName,
  { keep, whole }: Split,
): { z: ValueName; attentionOut: ValueName } {
  const { shape, architecture } = model;
  const { heads, keyValueHeads, headWidth } = shape;
  const { norm1, attention } = architecture.block(layer);
  const pattern = g.input(FROZEN_INPUTS.pattern, "float32", [heads, "position", "position"]);
  const recorded = g.input(FROZEN_INPUTS.z, "float32", ["position", heads, headWidth]);
  const read = frozenNorm(g, model, parts, FROZEN_INPUTS.scale1, norm1, biasWeight);
  const values = g.reshape(linearPart(g, model, read, attention.value, biasWeight), [0, 0, keyValueHeads, headWidth]);
  const perHead = repeatForHeads(g, g.transpose(values, [0, 2, 1, 3]), shape);
  const mixed = g.transpose(g.matrixProduct(pattern, perHead), [0, 2, 1, 3]);
  const z = g.add(g.multiply(mixed, keep), g.multiply(recorded, whole), PART_OUTPUTS.z);
  const written = linearPart(g, model, g.reshape(z, [0, 0, heads * headWidth]), attention.output, biasWeight);
  return { z, attentionOut: g.node("Identity", [written], {}, PART_OUTPUTS.attentionOut) };
}

/** Zeros where blocks are attention only. */
function mlpOfParts(
  g: GraphBuilder,
  model: TransformerModel,
  layer: number,
  source: ValueName,
  biasWeight: ValueName,
  { keep, whole }: Split,
): ValueName {
  const { shape, architecture, tensors } = model;
  const { norm2, mlp } = architecture.block(layer);
  if (mlp === undefined || norm2 === undefined) return g.multiply(source, g.scalar(0), PART_OUTPUTS.mlpOut);
  const post = g.input(FROZEN_INPUTS.post, "float32", ["position", shape.neurons]);
  const projected = g.input(FROZEN_INPUTS.linear, "float32", ["position", shape.neurons]);
  const recorded = g.input(FROZEN_INPUTS.mlpOut, "float32", ["position", shape.residualWidth]);
  const productBias = mlp.productBias === undefined ? undefined : float32Value(g, tensors, mlp.productBias);

  const active = productBias === undefined ? post : g.subtract(post, productBias);
  const zero = g.scalar(0);
  const isZero = g.equal(projected, zero);
  const factor = g.where(isZero, zero, g.divide(active, g.where(isZero, g.scalar(1), projected)));

  const read = frozenNorm(g, model, source, FROZEN_INPUTS.scale2, norm2, biasWeight);
  const product = g.multiply(linearPart(g, model, read, mlp.up, biasWeight), factor);
  const hidden = productBias === undefined ? product : g.add(product, g.multiply(biasWeight, productBias));
  const written = linearPart(g, model, hidden, mlp.down, biasWeight);
  return g.add(g.multiply(written, keep), g.multiply(recorded, whole), PART_OUTPUTS.mlpOut);
}

/** The norm as a linear map: x → (x − mean x) ∘ w / scale, and its bias by weight. `scale` names the input [position, 1]. */
function frozenNorm(
  g: GraphBuilder,
  { shape, tensors }: TransformerModel,
  x: ValueName,
  scale: string,
  { weight, bias }: NormWeight,
  biasWeight: ValueName,
): ValueName {
  if (shape.norm.kind === "none") return x;
  const centred = shape.norm.kind === "layer" ? g.subtract(x, g.mean(x, [-1], true)) : x;
  const scaled = g.divide(centred, g.input(scale, "float32", ["position", 1]));
  const weighted = weight === undefined ? scaled : g.multiply(scaled, float32Value(g, tensors, weight));
  return bias === undefined ? weighted : g.add(weighted, g.multiply(biasWeight, float32Value(g, tensors, bias)));
}

function linearPart(
  g: GraphBuilder,
  { tensors }: TransformerModel,
  x: ValueName,
  weight: LinearWeight,
  biasWeight: ValueName,
): ValueName {
  const product = g.matrixProduct(x, matrixValue(g, tensors, weight));
  const bias = biasValue(g, tensors, weight);
  return bias === undefined ? product : g.add(product, g.multiply(biasWeight, bias));
}

/** [row, key_value_head, …] → [row, head, …]; query head h reads key/value head ⌊h / group⌋. */
function repeatForHeads(g: GraphBuilder, value: ValueName, { heads, keyValueHeads }: TransformerModel["shape"]) {
  if (heads === keyValueHeads) return value;
  const group = heads / keyValueHeads;
  return g.gather(value, g.int64(Array.from({ length: heads }, (_, head) => Math.floor(head / group))), 1);
}
