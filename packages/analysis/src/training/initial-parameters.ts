/** Where training starts, and how a feature that never fires starts again. */
import type { ActivationScale } from "./activation-scale.ts";
import { newParameter, type Parameter } from "./parameters.ts";
import { seededRandom } from "./random.ts";
import type { Recipe } from "./recipe.ts";
import { parameterNames, parameterShape } from "./step-graphs.ts";

/** JumpReLU thresholds begin here, on the trained scale. */
const FIRST_THRESHOLD = 0.1;

/**
 * Encoder rows are random unit directions. An SAE's decoder begins as its encoder (Gao et al. 2024); a transcoder's, which
 * predicts another space, at zero where its rows are free (sparsify), else at random. The output bias is the targets' mean.
 */
export function initialParameters(recipe: Recipe, scale: ActivationScale): Parameter[] {
  const random = seededRandom(recipe.seed);
  const encoder = unitRows(recipe.features, recipe.inputWidth, random.normal);
  return parameterNames(recipe).map((name) => {
    const shape = parameterShape(recipe, name);
    const zeros = new Float32Array(shape.reduce((product, length) => product * length, 1));
    switch (name) {
      case "W_enc":
        return newParameter(name, shape, encoder);
      case "W_dec":
        if (recipe.kind === "sae") return newParameter(name, shape, encoder.slice());
        if (!recipe.unitDecoder) return newParameter(name, shape, zeros);
        return newParameter(name, shape, unitRows(recipe.features, recipe.outputWidth, random.normal));
      case "b_dec":
        return newParameter(name, shape, scale.outputMean.slice());
      case "log_threshold":
        return newParameter(name, shape, zeros.fill(Math.log(FIRST_THRESHOLD)));
      default:
        return newParameter(name, shape, zeros);
    }
  });
}

export function unitRows(rows: number, width: number, draw: () => number): Float32Array {
  const values = new Float32Array(rows * width);
  for (let row = 0; row < rows; row++) {
    let squares = 0;
    for (let i = 0; i < width; i++) {
      const value = draw();
      values[row * width + i] = value;
      squares += value * value;
    }
    const length = Math.sqrt(squares);
    for (let i = 0; i < width; i++) values[row * width + i] = (values[row * width + i] ?? 0) / length;
  }
  return values;
}
