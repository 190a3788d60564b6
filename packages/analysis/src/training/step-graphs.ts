/**
 * Forward and backward of one training step, for the two shapes that the arithmetic takes.
 *
 * Activations arrive normalised (`ActivationScale`), so that the squared error counts in units of the output's variance:
 *   loss = Σ‖ŷ − y‖² / (batch · output width) + sparsity term
 *
 * Kept features (TopK, BatchTopK): a position has a fixed number of places, decoder rows are gathered, and the gradients
 * of the big matrices are sums of outer products over the kept places. Those sums are a graph of their own
 * (`buildAccumulateGraph`), because a scatter-add with repeated places is right in one thread only.
 * Dense features (ReLU + L1, JumpReLU): whole matrix products.
 */
import { type CustomGradient, differentiate, type Graph, GraphBuilder, type ValueName } from "@patchbay/onnx-graph";
import type { ParameterName } from "./parameters.ts";
import { keptPlaces, type Recipe } from "./recipe.ts";

export const STEP = {
  /** [row, input] and [row, output] */
  input: "x",
  target: "y",
  loss: "loss",
  /** [row]: ‖ŷ − y‖² */
  rowError: "row_error",
  /** [row, kept]: activations (0 where not kept after all) and their int64 places */
  activations: "activations",
  places: "places",
  /** Dense steps. [feature]: largest activation of the batch; and the mean number above 0 at a row. */
  largest: "largest",
  active: "active",
  /** [row, output] reconstruction */
  output: "reconstruction",
  gradient: (name: string) => `gradient(${name})`,
} as const;

const KEPT = "kept";

export function buildKeptStep(recipe: Recipe): Graph {
  const { sparsity } = recipe;
  const places = keptPlaces(recipe) ?? 0;
  const { g, x, y } = begin(recipe);
  const read = recipe.kind === "sae" ? g.subtract(x, "b_dec") : x;
  const before = g.node("Gemm", [read, "W_enc", "b_enc"], { transB: { int: 1 } });
  const top = g.topK(before, g.int64([places]));
  const kept = g.node("Identity", [top.values], {}, KEPT);
  const rectified = g.node("Relu", [kept]);
  const activations =
    sparsity.kind === "batch-topk" ? largestOfBatch(g, rectified, sparsity.k * recipe.batch) : rectified;
  const rows = g.gather("W_dec", top.indices, 0);
  const decoded = g.squeeze(g.matrixProduct(g.unsqueeze(activations, [1]), rows), [1]);
  const loss = squaredErrorLoss(g, recipe, reconstruction(g, recipe, decoded, x), y);
  g.output(loss, "float32", [], STEP.loss);
  g.output(activations, "float32", [recipe.batch, places], STEP.activations);
  g.output(top.indices, "int64", [recipe.batch, places], STEP.places);

  // Back through the selection to the bias that an SAE subtracts: a few gathered rows instead of a dense product. What the
  // encoder's weights get is summed by the graph below.
  const throughSelection: CustomGradient = {
    inputs: [read],
    backward(builder, cotangent) {
      if (recipe.kind !== "sae") return [undefined];
      const encoderRows = builder.gather("W_enc", top.indices, 0);
      return [builder.squeeze(builder.matrixProduct(builder.unsqueeze(cotangent, [1]), encoderRows), [1])];
    },
  };
  const by = [KEPT, STEP.output, "b_dec", ...(recipe.skip ? ["W_skip"] : [])];
  return differentiate(g.build(), { of: [{ value: loss }], by, customGradients: new Map([[KEPT, throughSelection]]) })
    .graph;
}

/** Gradients of the big matrices of a kept-features step: sums of outer products over its kept places. */
export function buildAccumulateGraph(recipe: Recipe): Graph {
  const { batch, features, inputWidth, outputWidth } = recipe;
  const places = keptPlaces(recipe) ?? 0;
  const g = new GraphBuilder(`accumulate ${shapeKey(recipe)}`);
  const x = g.input(STEP.input, "float32", [batch, inputWidth]);
  const index = g.reshape(g.input(STEP.places, "int64", [batch, places]), [-1, 1]);
  const activations = g.input(STEP.activations, "float32", [batch, places]);
  const cotangent = g.input(STEP.gradient(KEPT), "float32", [batch, places]);
  const outputCotangent = g.input(STEP.gradient(STEP.output), "float32", [batch, outputWidth]);
  const read = recipe.kind === "sae" ? g.subtract(x, g.input("b_dec", "float32", [inputWidth])) : x;
  const sums = (coefficients: ValueName, rows: ValueName, width: number, name: ParameterName) => {
    const products = g.multiply(g.unsqueeze(coefficients, [2]), g.unsqueeze(rows, [1]));
    scatterAdd(g, index, g.reshape(products, [-1, width]), [features, width], name);
  };
  sums(cotangent, read, inputWidth, "W_enc");
  sums(activations, outputCotangent, outputWidth, "W_dec");
  scatterAdd(g, index, g.reshape(cotangent, [-1]), [features], "b_enc");
  return g.build();
}

function scatterAdd(
  g: GraphBuilder,
  index: ValueName,
  updates: ValueName,
  shape: readonly number[],
  name: ParameterName,
): void {
  const zeros = g.node("ConstantOfShape", [g.int64(shape)]);
  const sum = g.node("ScatterND", [zeros, index, updates], { reduction: { string: "add" } });
  g.output(sum, "float32", shape, STEP.gradient(name));
}

/** ReLU with λ·Σ f·‖W_dec row‖, or JumpReLU with λ·L0 and straight-through gradients (Rajamanoharan et al. 2024). */
export function buildDenseStep(recipe: Recipe): Graph {
  const { sparsity, batch, features } = recipe;
  const { g, x, y } = begin(recipe);
  const read = recipe.kind === "sae" ? g.subtract(x, "b_dec") : x;
  const before = g.node("Gemm", [read, "W_enc", "b_enc"], { transB: { int: 1 } }, "before");
  const customGradients = new Map<ValueName, CustomGradient>();
  let activations: ValueName;
  let penalty: ValueName;
  if (sparsity.kind === "jumprelu") {
    const { bandwidth = DEFAULT_BANDWIDTH, coefficient } = sparsity;
    const threshold = g.exponential("log_threshold");
    const fires = g.cast(g.greater(before, threshold), "float32");
    activations = g.multiply(g.node("Relu", [before]), fires, "jumped");
    // Σ of steps, a value of its own so that its pseudo-gradient can be given.
    const steps = g.node("Identity", [fires], {}, "steps");
    penalty = g.multiply(g.sum(steps, [0, 1]), g.scalar(coefficient / batch));
    const nearThreshold = (b: GraphBuilder) =>
      b.cast(b.node("Less", [b.absolute(b.subtract(before, threshold)), b.scalar(bandwidth / 2)]), "float32");
    // d jumprelu / d threshold = −(threshold / bandwidth) inside the window; d / d before = the step itself.
    customGradients.set("jumped", {
      inputs: [before, threshold],
      backward: (b, cotangent) => [
        b.multiply(cotangent, fires),
        b.sum(
          b.multiply(b.multiply(cotangent, nearThreshold(b)), b.multiply(threshold, b.scalar(-1 / bandwidth))),
          [0],
        ),
      ],
    });
    // d step / d threshold = −1 / bandwidth inside the window, and nothing for the pre-activation.
    customGradients.set("steps", {
      inputs: [threshold],
      backward: (b, cotangent) => [
        b.multiply(b.sum(b.multiply(cotangent, nearThreshold(b)), [0]), b.scalar(-1 / bandwidth)),
      ],
    });
  } else {
    activations = g.node("Relu", [before]);
    const norms = g.squareRoot(g.add(g.sum(g.multiply("W_dec", "W_dec"), [1]), g.scalar(1e-12)));
    const coefficient = sparsity.kind === "relu" ? sparsity.coefficient : 0;
    penalty = g.multiply(g.sum(g.multiply(activations, norms), [0, 1]), g.scalar(coefficient / batch));
  }
  const decoded = g.matrixProduct(activations, "W_dec");
  const loss = g.add(squaredErrorLoss(g, recipe, reconstruction(g, recipe, decoded, x), y), penalty);
  g.output(loss, "float32", [], STEP.loss);
  g.output(g.maximum(activations, [0]), "float32", [features], STEP.largest);
  const active = g.sum(g.cast(g.greater(activations, g.scalar(0)), "float32"), [1]);
  g.output(g.mean(active, [0]), "float32", [], STEP.active);
  const by = parameterNames(recipe);
  return differentiate(g.build(), { of: [{ value: loss }], by, customGradients }).graph;
}

const DEFAULT_BANDWIDTH = 0.05;

/** Which tensors a recipe trains. */
export function parameterNames({ skip, sparsity }: Recipe): ParameterName[] {
  return [
    "W_enc",
    "b_enc",
    "W_dec",
    "b_dec",
    ...(skip ? (["W_skip"] as const) : []),
    ...(sparsity.kind === "jumprelu" ? (["log_threshold"] as const) : []),
  ];
}

export function parameterShape(recipe: Recipe, name: ParameterName): number[] {
  const { features, inputWidth, outputWidth } = recipe;
  switch (name) {
    case "W_enc":
      return [features, inputWidth];
    case "W_dec":
      return [features, outputWidth];
    case "b_enc":
    case "log_threshold":
      return [features];
    case "b_dec":
      return [outputWidth];
    case "W_skip":
      return [outputWidth, inputWidth];
  }
}

/** Recipes of equal shape and sparsity share their graphs, and so their sessions. */
export function shapeKey({ kind, skip, batch, inputWidth, outputWidth, features, sparsity }: Recipe): string {
  return JSON.stringify([kind, skip, batch, inputWidth, outputWidth, features, sparsity]);
}

function begin(recipe: Recipe) {
  const g = new GraphBuilder(`step ${shapeKey(recipe)}`);
  const x = g.input(STEP.input, "float32", [recipe.batch, recipe.inputWidth]);
  const y = recipe.kind === "sae" ? x : g.input(STEP.target, "float32", [recipe.batch, recipe.outputWidth]);
  for (const name of parameterNames(recipe)) g.input(name, "float32", parameterShape(recipe, name));
  return { g, x, y };
}

/** Zeroes all but the `count` largest activations of the whole batch (BatchTopK: Bussmann et al. 2024). */
function largestOfBatch(g: GraphBuilder, activations: ValueName, count: number): ValueName {
  const largest = g.topK(g.reshape(activations, [1, -1]), g.int64([count]));
  const smallestKept = g.reshape(g.slice(largest.values, 1, count - 1, count), [1]);
  const dropped = g.node("Less", [activations, smallestKept]);
  return g.where(dropped, g.scalar(0), activations);
}

function reconstruction(g: GraphBuilder, { skip }: Recipe, decoded: ValueName, x: ValueName): ValueName {
  if (!skip) return g.add(decoded, "b_dec", STEP.output);
  const linear = g.node("Gemm", [x, "W_skip", "b_dec"], { transB: { int: 1 } });
  return g.add(decoded, linear, STEP.output);
}

function squaredErrorLoss(g: GraphBuilder, recipe: Recipe, output: ValueName, y: ValueName): ValueName {
  const difference = g.subtract(output, y);
  const rows = g.sum(g.multiply(difference, difference), [1]);
  g.output(rows, "float32", [recipe.batch], STEP.rowError);
  return g.multiply(g.sum(rows, [0]), g.scalar(1 / (recipe.batch * recipe.outputWidth)));
}
