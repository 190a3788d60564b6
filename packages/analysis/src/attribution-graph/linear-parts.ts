/** Pieces that the graphs of attribution share: norms and heads as linear maps, rows of dictionaries. */
import type { Dictionary, DictionaryTensorName } from "@patchbay/dictionary";
import type { GraphBuilder, ValueName } from "@patchbay/onnx-graph";
import {
  biasValue,
  float32Value,
  matrixValue,
  type NormWeight,
  type TensorSource,
  type TransformerModel,
} from "@patchbay/transformer";
import { InvariantError } from "@patchbay/vocabulary";
import type { ReplacementLayer } from "./replacement-model.ts";

/**
 * Rows [any, residual] that multiply a norm's output, as rows that multiply its centred, scaled input: r ↦ r∘w, and for
 * LayerNorm minus its mean.
 */
export function foldNorm(
  g: GraphBuilder,
  { shape, tensors }: TransformerModel,
  { weight }: NormWeight,
  rows: ValueName,
): ValueName {
  const weighted = weight === undefined ? rows : g.multiply(rows, float32Value(g, tensors, weight));
  return shape.norm.kind === "layer" ? g.subtract(weighted, g.mean(weighted, [-1], true)) : weighted;
}

/**
 * [residual]: what attention adds whatever it looks at, b_O + (b_norm·W_V + b_V)·W_O, since each pattern row sums to 1.
 * undefined where there are no biases.
 */
export function attentionConstant(g: GraphBuilder, model: TransformerModel, layer: number): ValueName | undefined {
  const { heads, keyValueHeads, headWidth } = model.shape;
  const { attention, norm1 } = model.architecture.block(layer);
  const parts: ValueName[] = [];
  const valueBias = biasValue(g, model.tensors, attention.value);
  if (valueBias !== undefined) parts.push(g.unsqueeze(valueBias, [0]));
  if (norm1.bias !== undefined) {
    const bias = g.unsqueeze(float32Value(g, model.tensors, norm1.bias), [0]);
    parts.push(g.matrixProduct(bias, matrixValue(g, model.tensors, attention.value)));
  }
  const outputBias = biasValue(g, model.tensors, attention.output);
  if (parts.length === 0) return outputBias;
  const values = parts.reduce((sum, value) => g.add(sum, value));
  const group = heads / keyValueHeads;
  const repeated = g.gather(
    g.reshape(values, [keyValueHeads, headWidth]),
    g.int64(Array.from({ length: heads }, (_, head) => Math.floor(head / group))),
    0,
  );
  const written = g.squeeze(
    g.matrixProduct(g.reshape(repeated, [1, heads * headWidth]), matrixValue(g, model.tensors, attention.output)),
    [0],
  );
  return outputBias === undefined ? written : g.add(written, outputBias);
}

/** Whether what a dictionary reads lies behind the attention of its own block. */
export function passesOwnAttention({ shape }: TransformerModel, { reads }: ReplacementLayer): boolean {
  return reads !== "resid_pre" && shape.arrangement === "sequential";
}

/** [T, H, d]: what each head reads of a direction behind it, through its OV map and the norm. */
export function headDirections(
  g: GraphBuilder,
  model: TransformerModel,
  layer: number,
  direction: ValueName,
): ValueName {
  const { heads, keyValueHeads, headWidth, residualWidth } = model.shape;
  const { attention, norm1 } = model.architecture.block(layer);
  const output = g.transpose(matrixValue(g, model.tensors, attention.output), [1, 0]);
  const perHead = g.transpose(g.reshape(g.matrixProduct(direction, output), [0, heads, headWidth]), [1, 0, 2]);
  const value = foldNorm(g, model, norm1, g.transpose(matrixValue(g, model.tensors, attention.value), [1, 0]));
  const perValueHead = g.reshape(value, [keyValueHeads, headWidth, residualWidth]);
  const group = heads / keyValueHeads;
  const matrices =
    group === 1
      ? perValueHead
      : g.gather(perValueHead, g.int64(Array.from({ length: heads }, (_, head) => Math.floor(head / group))), 0);
  return g.transpose(g.matrixProduct(perHead, matrices), [1, 0, 2]);
}

/** [p, T, d] · [p, K, d] → [p, T, K], without writing the second factor turned round. */
export function productWithRows(g: GraphBuilder, a: ValueName, rows: ValueName): ValueName {
  return g.node("FusedMatMul", [a, rows], { transB: { int: 1 } }, undefined, "com.microsoft");
}

/** rows [T, x] · vector [x] → [T] */
export function dotWith(g: GraphBuilder, rows: ValueName, vector: ValueName): ValueName {
  return g.squeeze(g.matrixProduct(rows, g.unsqueeze(vector, [1])), [1]);
}

/** A dictionary's tensor as a float32 constant, by reference to its bytes on disk. */
export function dictionaryTensor(g: GraphBuilder, dictionary: Dictionary, name: DictionaryTensorName): ValueName {
  if (!dictionary.has(name)) throw new InvariantError(`the dictionary ${dictionary.spec.name} has no ${name}`);
  const source: TensorSource = {
    names: [name],
    has: (other) => other === name,
    describe: () => dictionary.describe(name),
    read: () => dictionary.read(name),
  };
  return float32Value(g, source, name);
}
