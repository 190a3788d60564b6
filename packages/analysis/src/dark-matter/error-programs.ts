/**
 * Graphs over the error e = x − y of a dictionary's output y: sums for a regression of e and ‖e‖² on the input activation,
 * and what that regression leaves over. Sums and products over rows are in float64; rows come a few thousand at a time.
 */
import { GraphBuilder, type ValueName } from "@patchbay/onnx-graph";
import type { Engine, Program } from "@patchbay/transformer";
import { type Tensor, type TensorData, tensor } from "@patchbay/vocabulary";
import type { LinearMap, SumsOfRows } from "./ridge.ts";

/** Rows at the dictionary's sites, and what it makes of them. */
export interface ErrorRows {
  /** [row, input] */
  readonly input: Tensor;
  /** [row, output] */
  readonly output: Tensor;
  readonly reconstruction: Tensor;
}

const SUMS: Program = {
  key: "dark-matter.sums",
  build() {
    const g = new GraphBuilder("dark-matter.sums");
    const { input, error } = errorInputs(g);
    const order = g.input("order", "int32", ["row"]);
    const x = g.cast(input, "float64");
    const y = withSquare(g, g.cast(error, "float64"));
    const shuffled = g.gather(x, order, 0);
    const transposed = { transposeA: true };
    g.output(g.generalProduct(x, x, transposed), "float64", ["input", "input"], "input_squares");
    g.output(g.generalProduct(x, y, transposed), "float64", ["input", "target"], "products");
    g.output(g.generalProduct(shuffled, y, transposed), "float64", ["input", "target"], "shuffled_products");
    g.output(g.sum(x, [0]), "float64", ["input"], "input_sums");
    g.output(g.sum(y, [0]), "float64", ["target"], "target_sums");
    return g.build();
  },
};

/** The same rows, and rows whose inputs stand in another `order`: what a regression on nothing would see. */
export async function regressionSums(
  engine: Engine,
  rows: ErrorRows,
  order: Int32Array,
  signal: AbortSignal,
): Promise<{ paired: SumsOfRows; shuffled: SumsOfRows }> {
  const feeds = { ...feedsOf(rows), order: tensor(["row"], [order.length], order) };
  const names = ["input_squares", "products", "shuffled_products", "input_sums", "target_sums"] as const;
  const found = await engine.evaluate(SUMS, feeds, names, signal);
  const common = {
    rows: order.length,
    inputSquares: doubles(found.input_squares),
    inputSums: doubles(found.input_sums),
    targetSums: doubles(found.target_sums),
  };
  return {
    paired: { ...common, products: doubles(found.products) },
    shuffled: { ...common, products: doubles(found.shuffled_products) },
  };
}

const PARTS: Program = {
  key: "dark-matter.parts",
  build() {
    const g = new GraphBuilder("dark-matter.parts");
    const { input, output, reconstruction, error } = errorInputs(g);
    const predicted = predictedTargets(g, input, "weights", "intercept");
    const linear = g.cast(withoutLast(g, predicted), "float32");
    const nonlinear = g.subtract(error, linear);
    const sum = g.add(g.add(reconstruction, linear), nonlinear);
    const shuffled = predictedTargets(g, input, "shuffled_weights", "shuffled_intercept");
    const rowOutput = (value: ValueName, name: string) => g.output(value, "float64", ["row"], name);
    const wide = g.cast(error, "float64");
    rowOutput(squares(g, wide), "error_squares");
    rowOutput(squares(g, g.cast(nonlinear, "float64")), "left_squares");
    rowOutput(squares(g, g.subtract(wide, withoutLast(g, shuffled))), "left_shuffled_squares");
    rowOutput(lastOf(g, predicted), "norm_predicted");
    rowOutput(lastOf(g, shuffled), "norm_shuffled_predicted");
    rowOutput(squares(g, g.cast(output, "float64")), "output_squares");
    g.output(g.sum(g.cast(output, "float64"), [0]), "float64", ["output"], "output_sums");
    g.output(g.sum(wide, [0]), "float64", ["output"], "error_sums");
    g.output(g.maximum(g.absolute(g.subtract(sum, output)), [0, 1]), "float32", [], "residual");
    return g.build();
  },
};

export interface ErrorParts {
  /** [row]: ‖e‖², ‖e − ê‖² with the fit and with the fit to shuffled rows, predicted ‖e‖² likewise, ‖x‖². */
  readonly error: Float64Array;
  readonly left: Float64Array;
  readonly leftShuffled: Float64Array;
  readonly norm: Float64Array;
  readonly normShuffled: Float64Array;
  readonly output: Float64Array;
  /** [output]: Σ x, Σ e. */
  readonly outputSums: Float64Array;
  readonly errorSums: Float64Array;
  /** Largest |(y + ê) + (e − ê) − x| as float32 adds it. */
  readonly residual: number;
}

export async function errorParts(
  engine: Engine,
  rows: ErrorRows,
  fit: LinearMap,
  shuffledFit: LinearMap,
  signal: AbortSignal,
): Promise<ErrorParts> {
  const feeds = {
    ...feedsOf(rows),
    ...mapFeeds(fit, "weights", "intercept"),
    ...mapFeeds(shuffledFit, "shuffled_weights", "shuffled_intercept"),
  };
  const names = [
    "error_squares",
    "left_squares",
    "left_shuffled_squares",
    "norm_predicted",
    "norm_shuffled_predicted",
    "output_squares",
    "output_sums",
    "error_sums",
    "residual",
  ] as const;
  const found = await engine.evaluate(PARTS, feeds, names, signal);
  return {
    error: doubles(found.error_squares),
    left: doubles(found.left_squares),
    leftShuffled: doubles(found.left_shuffled_squares),
    norm: doubles(found.norm_predicted),
    normShuffled: doubles(found.norm_shuffled_predicted),
    output: doubles(found.output_squares),
    outputSums: doubles(found.output_sums),
    errorSums: doubles(found.error_sums),
    residual: found.residual.data[0] ?? 0,
  };
}

const LINEAR: Program = {
  key: "dark-matter.linear",
  build() {
    const g = new GraphBuilder("dark-matter.linear");
    const input = g.input("input", "float32", ["row", "input"]);
    const predicted = predictedTargets(g, input, "weights", "intercept");
    g.output(g.cast(withoutLast(g, predicted), "float32"), "float32", ["row", "output"], "linear");
    return g.build();
  },
};

/** ê [row, output]: the error as the fit predicts it from the input. */
export async function linearError(
  engine: Engine,
  input: Tensor,
  fit: LinearMap,
  signal: AbortSignal,
): Promise<Float32Array> {
  const feeds = { input, ...mapFeeds(fit, "weights", "intercept") };
  return (await engine.evaluate(LINEAR, feeds, ["linear"], signal)).linear.data;
}

const SQUARES: Program = {
  key: "dark-matter.squares",
  build() {
    const g = new GraphBuilder("dark-matter.squares");
    const output = g.input("output", "float32", ["row", "output"]);
    const reconstruction = g.input("reconstruction", "float32", ["row", "output"]);
    const error = g.cast(g.subtract(output, reconstruction), "float64");
    g.output(squares(g, error), "float64", ["row"], "squares");
    return g.build();
  },
};

/** ‖x − y‖² of each row. */
export async function squaredErrors(
  engine: Engine,
  output: Tensor,
  reconstruction: Tensor,
  signal: AbortSignal,
): Promise<Float64Array> {
  return doubles((await engine.evaluate(SQUARES, { output, reconstruction }, ["squares"], signal)).squares);
}

function errorInputs(g: GraphBuilder) {
  const input = g.input("input", "float32", ["row", "input"]);
  const output = g.input("output", "float32", ["row", "output"]);
  const reconstruction = g.input("reconstruction", "float32", ["row", "output"]);
  return { input, output, reconstruction, error: g.subtract(output, reconstruction) };
}

/** Targets are the error's values and, last, its squared length: [row, output + 1]. */
function withSquare(g: GraphBuilder, error: ValueName): ValueName {
  return g.concat([error, g.unsqueeze(squares(g, error), [1])], 1);
}

function predictedTargets(g: GraphBuilder, input: ValueName, weights: string, intercept: string): ValueName {
  const map = g.input(weights, "float64", ["input", "target"]);
  const constant = g.input(intercept, "float64", ["target"]);
  return g.add(g.matrixProduct(g.cast(input, "float64"), map), constant);
}

function withoutLast(g: GraphBuilder, targets: ValueName): ValueName {
  return g.slice(targets, 1, 0, -1);
}

function lastOf(g: GraphBuilder, targets: ValueName): ValueName {
  return g.squeeze(g.slice(targets, 1, -1, Number.MAX_SAFE_INTEGER), [1]);
}

function squares(g: GraphBuilder, rows: ValueName): ValueName {
  return g.sum(g.multiply(rows, rows), [1]);
}

function feedsOf({ input, output, reconstruction }: ErrorRows): Record<string, Tensor<TensorData>> {
  return { input, output, reconstruction };
}

function mapFeeds(
  { weights, intercept }: LinearMap,
  weightsName: string,
  interceptName: string,
): Record<string, Tensor<TensorData>> {
  const targets = intercept.length;
  return {
    [weightsName]: tensor(["input", "target"], [weights.length / targets, targets], weights),
    [interceptName]: tensor(["target"], [targets], intercept),
  };
}

/** `evaluate` says float32; these outputs are declared float64. */
function doubles({ data }: Tensor<TensorData>): Float64Array {
  return data instanceof Float64Array ? data : Float64Array.from(data as Float32Array);
}
