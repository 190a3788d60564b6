/**
 * The scale on which a dictionary is trained: inputs and targets with mean square 1 a dimension about their means, so that
 * learning rates and sparsity coefficients mean the same at every layer. Folded into the weights at the end.
 */
import type { Tensor } from "@patchbay/vocabulary";

export interface ActivationScale {
  /** x is trained on as x / input. */
  readonly input: number;
  readonly output: number;
  /** Mean of the scaled targets: [output] */
  readonly outputMean: Float32Array;
}

export function measureScale(input: Tensor, output: Tensor): ActivationScale {
  const inputSpread = spread(input);
  const outputSpread = input === output ? inputSpread : spread(output);
  return {
    input: inputSpread.deviation,
    output: outputSpread.deviation,
    outputMean: outputSpread.mean.map((value) => value / outputSpread.deviation),
  };
}

/** Mean of each column, and the root mean square about it over all columns. */
function spread({ shape, data }: Tensor): { mean: Float32Array; deviation: number } {
  const [rows = 0, width = 0] = shape;
  const sums = new Float64Array(width);
  for (let i = 0; i < data.length; i++) sums[i % width] = (sums[i % width] ?? 0) + (data[i] ?? 0);
  const mean = Float32Array.from(sums, (sum) => sum / rows);
  let squares = 0;
  for (let i = 0; i < data.length; i++) squares += ((data[i] ?? 0) - (mean[i % width] ?? 0)) ** 2;
  return { mean, deviation: Math.sqrt(squares / data.length) || 1 };
}
