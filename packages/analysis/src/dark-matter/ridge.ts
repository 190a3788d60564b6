/**
 * Ridge regression with an intercept from accumulated sums, in float64:
 *   W = (Cxx + λI)⁻¹ Cxy,  b = mean y − Wᵀ mean x,
 * with Cxx, Cxy the covariances over n rows and λ = strength × mean variance of x. The intercept is not penalised.
 */
import { InvariantError } from "@patchbay/vocabulary";
import { addTo } from "./statistics.ts";

/** Sums over rows of x [row, input] and y [row, target]. */
export interface RegressionSums {
  rows: number;
  readonly inputs: number;
  readonly targets: number;
  /** Σ x xᵀ [input, input], Σ x yᵀ [input, target], Σ x [input], Σ y [target] */
  readonly inputSquares: Float64Array;
  readonly products: Float64Array;
  readonly inputSums: Float64Array;
  readonly targetSums: Float64Array;
}

export interface LinearMap {
  /** [input, target] */
  readonly weights: Float64Array;
  /** [target] */
  readonly intercept: Float64Array;
}

export function newSums(inputs: number, targets: number): RegressionSums {
  return {
    rows: 0,
    inputs,
    targets,
    inputSquares: new Float64Array(inputs * inputs),
    products: new Float64Array(inputs * targets),
    inputSums: new Float64Array(inputs),
    targetSums: new Float64Array(targets),
  };
}

export type SumsOfRows = Pick<RegressionSums, "rows" | "inputSquares" | "products" | "inputSums" | "targetSums">;

export function addSums(sums: RegressionSums, more: SumsOfRows): void {
  sums.rows += more.rows;
  addTo(sums.inputSquares, more.inputSquares);
  addTo(sums.products, more.products);
  addTo(sums.inputSums, more.inputSums);
  addTo(sums.targetSums, more.targetSums);
}

/** `strength` > 0, as a multiple of the mean variance of the inputs. */
export function solveRidge(sums: RegressionSums, strength: number): LinearMap {
  const { rows, inputs, targets, inputSquares, products, inputSums, targetSums } = sums;
  const inputMeans = inputSums.map((sum) => sum / rows);
  const targetMeans = targetSums.map((sum) => sum / rows);
  const covariance = new Float64Array(inputs * inputs);
  let variance = 0;
  for (let i = 0; i < inputs; i++) {
    for (let j = 0; j < inputs; j++) {
      covariance[i * inputs + j] =
        (inputSquares[i * inputs + j] ?? 0) / rows - (inputMeans[i] ?? 0) * (inputMeans[j] ?? 0);
    }
    variance += (covariance[i * inputs + i] ?? 0) / inputs;
  }
  // Inputs that do not vary at all predict nothing: any λ gives the mean.
  const lambda = variance > 0 ? strength * variance : 1;
  for (let i = 0; i < inputs; i++) covariance[i * inputs + i] = (covariance[i * inputs + i] ?? 0) + lambda;
  const weights = new Float64Array(inputs * targets);
  for (let i = 0; i < inputs; i++) {
    for (let t = 0; t < targets; t++) {
      weights[i * targets + t] = (products[i * targets + t] ?? 0) / rows - (inputMeans[i] ?? 0) * (targetMeans[t] ?? 0);
    }
  }
  solvePositiveDefinite(covariance, inputs, weights, targets);
  const intercept = targetMeans.slice();
  for (let i = 0; i < inputs; i++) {
    for (let t = 0; t < targets; t++) {
      intercept[t] = (intercept[t] ?? 0) - (inputMeans[i] ?? 0) * (weights[i * targets + t] ?? 0);
    }
  }
  return { weights, intercept };
}

/** A X = B by Cholesky; X takes the place of B [size, columns], the factor that of A [size, size]. */
function solvePositiveDefinite(a: Float64Array, size: number, b: Float64Array, columns: number): void {
  for (let j = 0; j < size; j++) {
    for (let i = j; i < size; i++) {
      let sum = a[i * size + j] ?? 0;
      for (let k = 0; k < j; k++) sum -= (a[i * size + k] ?? 0) * (a[j * size + k] ?? 0);
      if (i > j) {
        a[i * size + j] = sum / (a[j * size + j] ?? 0);
      } else {
        if (!(sum > 0)) throw new InvariantError("the penalised covariance is not positive definite");
        a[j * size + j] = Math.sqrt(sum);
      }
    }
  }
  const subtractRow = (row: number, other: number, factor: number) => {
    for (let c = 0; c < columns; c++) {
      b[row * columns + c] = (b[row * columns + c] ?? 0) - factor * (b[other * columns + c] ?? 0);
    }
  };
  const divideRow = (row: number) => {
    for (let c = 0; c < columns; c++) {
      b[row * columns + c] = (b[row * columns + c] ?? 0) / (a[row * size + row] ?? 0);
    }
  };
  for (let i = 0; i < size; i++) {
    for (let k = 0; k < i; k++) subtractRow(i, k, a[i * size + k] ?? 0);
    divideRow(i);
  }
  for (let i = size - 1; i >= 0; i--) {
    for (let k = i + 1; k < size; k++) subtractRow(i, k, a[k * size + i] ?? 0);
    divideRow(i);
  }
}
