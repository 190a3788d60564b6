/** A norm as observables meet it: its weight alone, and its whole gradient at a point. */
import type { NormWeight, TransformerModel } from "@patchbay/transformer";
import { dot } from "../decomposition/frozen-run.ts";

type Norm = TransformerModel["shape"]["norm"];

/** √(mean x² + ε), of the centred x for LayerNorm; 1 where there is no norm. */
export function normScale(x: Float32Array, { kind, epsilon }: Norm): number {
  if (kind === "none") return 1;
  const read = kind === "layer" ? centred(x) : x;
  return Math.sqrt(dot(read, read) / x.length + epsilon);
}

/** w ∘ direction, centred for LayerNorm: what direction · norm(x) reads of x, up to the scale. */
export async function foldWeight(
  { shape, tensors }: TransformerModel,
  { weight }: NormWeight,
  direction: Float32Array,
): Promise<Float32Array> {
  if (shape.norm.kind === "none") return direction;
  const weights = weight === undefined ? undefined : (await tensors.read(weight)).data;
  const weighted = direction.map((value, i) => value * (weights?.[i] ?? 1));
  return shape.norm.kind === "layer" ? centred(weighted) : weighted;
}

/**
 * ∇ₓ direction · norm(x), from the folded direction u: u/σ − x̃ (x̃·u)/(d σ³), with x̃ the (for LayerNorm centred) x and σ its
 * scale. The first term is what a held scale gives; the second is the scale's own movement, along x.
 */
export function gradientThroughNorm(x: Float32Array, folded: Float32Array, norm: Norm): Float32Array {
  if (norm.kind === "none") return folded;
  const read = norm.kind === "layer" ? centred(x) : x;
  const scale = normScale(x, norm);
  const along = dot(read, folded) / (x.length * scale ** 3);
  return folded.map((value, i) => value / scale - (read[i] ?? 0) * along);
}

/** a·b / (‖a‖‖b‖); null where one is zero. */
export function cosine(a: Float32Array, b: Float32Array): number | null {
  const lengths = Math.sqrt(dot(a, a) * dot(b, b));
  return lengths === 0 ? null : dot(a, b) / lengths;
}

function centred(x: Float32Array): Float32Array {
  const mean = x.reduce((sum, value) => sum + value, 0) / x.length;
  return x.map((value) => value - mean);
}
