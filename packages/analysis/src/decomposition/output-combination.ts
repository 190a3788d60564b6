/** A weighted sum of a matrix's outputs as a direction at its input: W · weights, and what its bias adds. */
import { GraphBuilder } from "@patchbay/onnx-graph";
import {
  biasValue,
  type Engine,
  float32Value,
  type LinearWeight,
  matrixValue,
  type TransformerModel,
} from "@patchbay/transformer";
import { tensor } from "@patchbay/vocabulary";

/**
 * `weights` holds [row, output] values, row-major. Rows come back joined: [row × input].
 * `name` tells the program apart from those of other matrices.
 */
export async function outputCombinations(
  engine: Engine,
  name: string,
  weight: LinearWeight,
  weights: Float32Array,
  rows: number,
  signal: AbortSignal,
): Promise<{ directions: Float32Array; biases: Float32Array }> {
  const outputs = weights.length / rows;
  const program = { key: `output-combination.${name}`, build: () => combinationGraph(engine.model, weight, outputs) };
  const feeds = { weights: tensor(["row", "output"], [rows, outputs], weights) };
  const { directions, biases } = await engine.evaluate(program, feeds, ["directions", "biases"], signal);
  return { directions: directions.data, biases: biases.data };
}

/** Of one row. */
export async function outputCombination(
  engine: Engine,
  name: string,
  weight: LinearWeight,
  weights: Float32Array,
  signal: AbortSignal,
): Promise<{ direction: Float32Array; bias: number }> {
  const { directions, biases } = await outputCombinations(engine, name, weight, weights, 1, signal);
  return { direction: directions, bias: biases[0] ?? 0 };
}

function combinationGraph({ tensors }: TransformerModel, weight: LinearWeight, outputs: number) {
  const g = new GraphBuilder("output-combination");
  const weights = g.input("weights", "float32", ["row", outputs]);
  // A matrix stored by outputs stands on the right as it is; turning a large head round would copy it.
  const stored = weight.layout === "output-input" && weight.outputs === undefined;
  const matrix = stored
    ? float32Value(g, tensors, weight.tensor)
    : g.transpose(matrixValue(g, tensors, weight), [1, 0]);
  g.output(g.matrixProduct(weights, matrix), "float32", ["row", "input"], "directions");
  const bias = biasValue(g, tensors, weight);
  const zeros = () => g.multiply(g.slice(weights, 1, 0, 1), g.scalar(0));
  const share = bias === undefined ? zeros() : g.sum(g.multiply(weights, bias), [1], true);
  g.output(g.squeeze(share, [1]), "float32", ["row"], "biases");
  return g.build();
}
