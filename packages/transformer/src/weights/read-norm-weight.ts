/** A norm's weight as numbers, for arithmetic outside a graph. */
import type { NormWeight } from "../architecture.ts";
import type { TensorSource } from "./tensor-source.ts";

/** [residual]; ones where the norm has no weight of its own. */
export async function readNormWeight(
  tensors: TensorSource,
  { weight }: NormWeight,
  residualWidth: number,
): Promise<Float32Array> {
  return weight === undefined ? new Float32Array(residualWidth).fill(1) : (await tensors.read(weight)).data;
}
