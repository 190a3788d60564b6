/**
 * Multi-head attention with rotary, learned or ALiBi positions, grouped key/value heads and a key/value cache.
 *
 * The cache is time-major ([time, batch, key_value_head, head_dimension]), so that the caller appends new positions by
 * writing behind the old ones, without moving anything.
 */
import type { GraphBuilder, ValueName } from "@patchbay/onnx-graph";
import { invariant } from "@patchbay/vocabulary";
import { type BlockWeights, type ModelShape, scoreScaleOf } from "../architecture.ts";
import type { TensorSource } from "../weights/tensor-source.ts";
import type { Hooks } from "./hooks.ts";
import { biasValue, linear, matrixValue } from "./weight-values.ts";

export interface AttentionInputs {
  /** Additive mask [1, 1, query, key]: 0 or −∞. */
  readonly mask: ValueName;
  readonly pastKeys: ValueName;
  readonly pastValues: ValueName;
  /** [position, pair] each; undefined with learned positions. */
  readonly rotary: { readonly cosines: ValueName; readonly sines: ValueName } | undefined;
  /** [1, head, query, key]: what distance takes from the scores (ALiBi). */
  readonly scoreBias?: ValueName;
  /** [batch, position, residual]: added to what queries and keys read (shortformer). */
  readonly positionEmbedding?: ValueName;
}

export interface AttentionOutputs {
  /** [batch, position, residual], before its own site. */
  readonly output: ValueName;
  /** Keys and values of the new positions, time-major. */
  readonly newKeys: ValueName;
  readonly newValues: ValueName;
}

export interface AttentionOptions {
  readonly perHeadResults: boolean;
  /** What the new keys and values are called, where they are outputs of the graph: spares an Identity each. */
  readonly cacheNames?: { readonly keys: ValueName; readonly values: ValueName };
}

export function attention(
  g: GraphBuilder,
  tensors: TensorSource,
  hooks: Hooks,
  shape: ModelShape,
  layer: number,
  weights: BlockWeights["attention"],
  normalized: ValueName,
  inputs: AttentionInputs,
  options: AttentionOptions,
): AttentionOutputs {
  const { heads, keyValueHeads, headWidth } = shape;
  const perHead = (value: ValueName, count: number) => g.reshape(value, [0, 0, count, headWidth]);

  const { rotary, scoreBias, positionEmbedding } = inputs;
  const placed = positionEmbedding === undefined ? normalized : g.add(normalized, positionEmbedding);
  const q = hooks.at("attn.hook_q", perHead(linear(g, tensors, placed, weights.query), heads));
  const k = hooks.at("attn.hook_k", perHead(linear(g, tensors, placed, weights.key), keyValueHeads));
  const v = hooks.at("attn.hook_v", perHead(linear(g, tensors, normalized, weights.value), keyValueHeads));

  const rotatedQ = rotary === undefined ? q : hooks.at("attn.hook_rot_q", rotate(g, q, rotary, shape));
  const rotatedK = rotary === undefined ? k : hooks.at("attn.hook_rot_k", rotate(g, k, rotary, shape));

  const newKeys = g.transpose(rotatedK, [1, 0, 2, 3], options.cacheNames?.keys);
  const newValues = g.transpose(v, [1, 0, 2, 3], options.cacheNames?.values);
  const keys = repeatForHeads(g, g.transpose(g.concat([inputs.pastKeys, newKeys], 0), [1, 2, 3, 0]), shape);
  const values = repeatForHeads(g, g.transpose(g.concat([inputs.pastValues, newValues], 0), [1, 2, 0, 3]), shape);

  const queries = g.transpose(g.multiply(rotatedQ, g.scalar(scoreScaleOf(shape, layer))), [0, 2, 1, 3]);
  // The mask comes after an edit of the scores, so that no edit can make the model see the future.
  const products = g.matrixProduct(queries, keys);
  const biased = scoreBias === undefined ? products : g.add(products, scoreBias);
  const scores = hooks.at("attn.hook_attn_scores", biased, (raw) => g.add(raw, inputs.mask));
  const pattern = hooks.at("attn.hook_pattern", g.softmax(scores, -1));
  const z = hooks.at("attn.hook_z", g.transpose(g.matrixProduct(pattern, values), [0, 2, 1, 3]));

  return { output: project(g, tensors, hooks, shape, weights, z, options), newKeys, newValues };
}

/** z → attn_out, either in one product or as the sum of every head's own result. */
function project(
  g: GraphBuilder,
  tensors: TensorSource,
  hooks: Hooks,
  { heads, headWidth, residualWidth }: ModelShape,
  weights: BlockWeights["attention"],
  z: ValueName,
  { perHeadResults }: { perHeadResults: boolean },
): ValueName {
  if (!perHeadResults) return linear(g, tensors, g.reshape(z, [0, 0, heads * headWidth]), weights.output);
  const matrices = g.reshape(matrixValue(g, tensors, weights.output), [heads, headWidth, residualWidth]);
  const results = g.transpose(g.matrixProduct(g.transpose(z, [0, 2, 1, 3]), matrices), [0, 2, 1, 3]);
  const sum = g.sum(hooks.at("attn.hook_result", results), [2]);
  const bias = biasValue(g, tensors, weights.output);
  return bias === undefined ? sum : g.add(sum, bias);
}

/** x [batch, position, head, head_dimension]: each pair is turned by its angle; dimensions beyond the pairs stay. */
function rotate(
  g: GraphBuilder,
  x: ValueName,
  rotary: { cosines: ValueName; sines: ValueName },
  { positions, headWidth }: ModelShape,
): ValueName {
  invariant(positions.kind === "rotary", "only rotary positions rotate");
  const { frequencies, adjacent = false } = positions.rotary;
  const half = frequencies.length;
  const every = (start: number) => g.int64(Array.from({ length: half }, (_, pair) => 2 * pair + start));
  const first = adjacent ? g.gather(x, every(0), 3) : g.slice(x, 3, 0, half);
  const second = adjacent ? g.gather(x, every(1), 3) : g.slice(x, 3, half, 2 * half);
  const cosines = g.unsqueeze(rotary.cosines, [1]);
  const sines = g.unsqueeze(rotary.sines, [1]);
  const turned = [
    g.subtract(g.multiply(first, cosines), g.multiply(second, sines)),
    g.add(g.multiply(second, cosines), g.multiply(first, sines)),
  ];
  const rest = 2 * half < headWidth ? [g.slice(x, 3, 2 * half, headWidth)] : [];
  if (!adjacent) return g.concat([...turned, ...rest], 3);
  // First halves of all pairs, then second halves: put neighbours beside each other again.
  const order = Array.from({ length: 2 * half }, (_, i) => (i % 2) * half + Math.floor(i / 2));
  const pairs = g.gather(g.concat(turned, 3), g.int64(order), 3);
  return rest.length === 0 ? pairs : g.concat([pairs, ...rest], 3);
}

/** [batch, key_value_head, …] → [batch, head, …]; query head h reads key/value head ⌊h / group⌋. */
function repeatForHeads(g: GraphBuilder, value: ValueName, { heads, keyValueHeads }: ModelShape): ValueName {
  if (heads === keyValueHeads) return value;
  const group = heads / keyValueHeads;
  return g.gather(value, g.int64(Array.from({ length: heads }, (_, head) => Math.floor(head / group))), 1);
}
