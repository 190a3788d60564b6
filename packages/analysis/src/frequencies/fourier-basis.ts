/**
 * Real Fourier basis over Z/p, orthonormal: column 0 is constant, 2k − 1 and 2k are cosine and sine of frequency k. For even p
 * the sine of the last frequency is zero everywhere, and stays as a column of zeros.
 */
import { type Tensor, tensor } from "@patchbay/vocabulary";

/** Functions of a pair that belong to one frequency: c(a), s(a), c(b), s(b), c(a)c(b), c(a)s(b), s(a)c(b), s(a)s(b). */
export const PAIR_FUNCTIONS = 8;

export interface FourierBasis {
  readonly modulus: number;
  /** Frequencies 1 … count. */
  readonly count: number;
  /** [value, function]; 2·count + 1 functions. */
  readonly functions: Tensor;
  /** [function, value] */
  readonly transposed: Tensor;
}

export function fourierBasis(modulus: number): FourierBasis {
  const count = Math.floor(modulus / 2);
  const width = 2 * count + 1;
  const functions = new Float32Array(modulus * width);
  const transposed = new Float32Array(modulus * width);
  const put = (value: number, column: number, entry: number) => {
    functions[value * width + column] = entry;
    transposed[column * modulus + value] = entry;
  };
  for (let value = 0; value < modulus; value++) {
    put(value, 0, Math.sqrt(1 / modulus));
    for (let k = 1; k <= count; k++) {
      // The product is reduced first: angles stay small and exact.
      const angle = (2 * Math.PI * ((k * value) % modulus)) / modulus;
      const alternates = 2 * k === modulus;
      const scale = Math.sqrt((alternates ? 1 : 2) / modulus);
      put(value, 2 * k - 1, scale * Math.cos(angle));
      put(value, 2 * k, alternates ? 0 : scale * Math.sin(angle));
    }
  }
  return {
    modulus,
    count,
    functions: tensor(["value", "function"], [modulus, width], functions),
    transposed: tensor(["function", "value"], [width, modulus], transposed),
  };
}

/** [function along a, function along b] of the eight functions of a pair at frequency k. */
export function pairFunctions(k: number): readonly (readonly [number, number])[] {
  const [c, s] = [2 * k - 1, 2 * k];
  return [
    [c, 0],
    [s, 0],
    [0, c],
    [0, s],
    [c, c],
    [c, s],
    [s, c],
    [s, s],
  ];
}

/** Values of the functions of the given frequencies at every pair: [pair, frequency × 8]; pair = a·p + b. */
export function pairFunctionValues({ modulus, functions }: FourierBasis, frequencies: readonly number[]): Tensor {
  const width = functions.shape[1] ?? 0;
  const columns = frequencies.flatMap(pairFunctions);
  const data = new Float32Array(modulus * modulus * columns.length);
  let at = 0;
  for (let a = 0; a < modulus; a++) {
    for (let b = 0; b < modulus; b++) {
      for (const [i, j] of columns) {
        data[at++] = (functions.data[a * width + i] ?? 0) * (functions.data[b * width + j] ?? 0);
      }
    }
  }
  return tensor(["pair", "function"], [modulus * modulus, columns.length], data);
}
