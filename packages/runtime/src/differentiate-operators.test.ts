/** The rule of every operator that we emit, against central differences; see `finite-differences.ts` for the tolerances. */
import { test } from "node:test";
import type { AttributeValue, GraphBuilder, ValueName } from "@patchbay/onnx-graph";
import { checkGradients, type GradientCase, scattered } from "./testing/finite-differences.ts";

const positive = (i: number) => Math.abs(scattered(i)) + 0.4;
const int = (value: number): AttributeValue => ({ int: value });
const twoByThree = { x: [2, 3] };

/** An operator of one input. */
const unary = (operator: string, more: Partial<GradientCase> = {}, attributes: Record<string, AttributeValue> = {}) =>
  ({ by: twoByThree, build: (g: GraphBuilder) => g.node(operator, ["x"], attributes), ...more }) satisfies GradientCase;

/** An operator of two inputs, with these lengths. */
const binary = (operator: string, a: number[], b: number[], more: Partial<GradientCase> = {}) =>
  ({ by: { a, b }, build: (g: GraphBuilder) => g.node(operator, ["a", "b"]), ...more }) satisfies GradientCase;

const reduced = (
  operator: string,
  axes: readonly number[] | undefined,
  keep: boolean,
  more: Partial<GradientCase> = {},
) =>
  ({
    by: { x: [2, 3, 4] },
    build: (g: GraphBuilder) =>
      g.node(operator, axes === undefined ? ["x"] : ["x", g.int64(axes)], { keepdims: int(keep ? 1 : 0) }),
    ...more,
  }) satisfies GradientCase;

const float64 = (g: GraphBuilder, value: number) => g.scalarOf("float64", value);

const CASES: Record<string, GradientCase> = {
  Neg: unary("Neg"),
  Exp: unary("Exp"),
  Abs: unary("Abs"),
  Sigmoid: unary("Sigmoid"),
  Tanh: unary("Tanh"),
  Relu: unary("Relu"),
  Identity: unary("Identity"),
  Sqrt: unary("Sqrt", { fill: positive }),
  Log: unary("Log", { fill: positive }),
  Reciprocal: unary("Reciprocal", { fill: positive }),
  Erf: unary("Erf", { type: "float32" }),
  "Gelu, exact": unary("Gelu", { type: "float32" }, { approximate: { string: "none" } }),
  "Gelu, tanh": unary("Gelu", { type: "float32" }, { approximate: { string: "tanh" } }),
  "Cast to float64 and back": {
    type: "float32",
    by: twoByThree,
    build: (g) => g.cast(g.exponential(g.cast("x", "float64")), "float32"),
  },
  "Pow, square": { by: twoByThree, build: (g) => g.power("x", float64(g, 2)) },
  "Pow, root": { by: twoByThree, fill: positive, build: (g) => g.power("x", float64(g, 0.5)) },
  Clip: { by: { x: [3, 5] }, build: (g) => g.node("Clip", ["x", float64(g, -0.7), float64(g, 0.9)]) },

  "Add, row": binary("Add", [2, 3, 4], [4]),
  "Add, both ways": binary("Add", [2, 1, 4], [3, 1]),
  "Add, scalar": binary("Add", [2, 3], []),
  "Sub, column": binary("Sub", [2, 3], [2, 1]),
  "Sub, left": binary("Sub", [3], [2, 3]),
  "Mul, same lengths": binary("Mul", [2, 3], [2, 3]),
  "Mul, both ways": binary("Mul", [3, 1], [2, 1, 4]),
  "Mul by itself": { by: twoByThree, build: (g) => g.multiply("x", "x") },
  "Div, row": binary("Div", [2, 3], [3], { fill: positive }),
  "Div, column": binary("Div", [2, 3], [2, 1], { fill: positive }),
  "Max, scalar": binary("Max", [3, 4], []),
  "Min, row": binary("Min", [3, 4], [4]),
  Where: {
    by: { a: [2, 3], b: [3] },
    build: (g) => g.where(g.greater("a", "b"), g.multiply("a", "a"), g.exponential("b")),
  },

  "MatMul, matrices": binary("MatMul", [2, 3], [3, 4]),
  "MatMul, batch by matrix": binary("MatMul", [2, 5, 3], [3, 4]),
  "MatMul, matrix by batch": binary("MatMul", [5, 3], [2, 3, 4]),
  "MatMul, batches": binary("MatMul", [2, 2, 4, 3], [2, 2, 3, 2]),
  "MatMul, batches broadcast": binary("MatMul", [2, 1, 4, 3], [3, 3, 2]),
  "MatMul, row by matrix": binary("MatMul", [3], [3, 4]),
  "MatMul, matrix by column": binary("MatMul", [2, 3], [3]),
  "MatMul, batch by column": binary("MatMul", [2, 4, 3], [3]),
  "MatMul, row by batch": binary("MatMul", [3], [2, 3, 4]),
  "MatMul, row by column": binary("MatMul", [3], [3]),
  ...Object.fromEntries(
    [0, 1, 2, 3].map((code) => {
      const [transA, transB] = [code & 1, code >> 1];
      const attributes = { transA: int(transA), transB: int(transB), alpha: { float: 0.5 }, beta: { float: 2 } };
      return [
        `Gemm, transA ${transA}, transB ${transB}`,
        {
          by: { a: transA === 1 ? [3, 2] : [2, 3], b: transB === 1 ? [4, 3] : [3, 4], c: [4] },
          build: (g: GraphBuilder) => g.node("Gemm", ["a", "b", "c"], attributes),
        },
      ];
    }),
  ),

  "Softmax, last axis": { by: { x: [2, 3, 4] }, build: (g) => g.softmax("x", -1) },
  "Softmax, middle axis": { by: { x: [2, 3, 4] }, build: (g) => g.softmax("x", 1) },
  LogSoftmax: { by: { x: [2, 3, 4] }, build: (g) => g.logSoftmax("x", -1) },

  Transpose: { by: { x: [2, 3, 4] }, build: (g) => square(g, g.transpose("x", [2, 0, 1])) },
  "Transpose, reversed": { by: { x: [2, 3, 4] }, build: (g) => square(g, g.node("Transpose", ["x"])) },
  Reshape: { by: { x: [2, 3, 4] }, build: (g) => square(g, g.reshape("x", [0, -1, 2])) },
  Flatten: { by: { x: [2, 3, 4] }, build: (g) => square(g, g.node("Flatten", ["x"], { axis: int(1) })) },
  Unsqueeze: { by: twoByThree, build: (g) => square(g, g.unsqueeze("x", [0, 2])) },
  Squeeze: { by: { x: [2, 1, 3, 1] }, build: (g) => square(g, g.squeeze("x", [1, -1])) },
  Concat: { by: { a: [2, 1, 3], b: [2, 2, 3] }, build: (g) => square(g, g.concat(["a", "b", "a"], 1)) },
  Split: {
    by: { x: [2, 6] },
    build: (g) => {
      const [first = "", , last = ""] = g.split("x", g.int64([1, 2, 3]), 1, 3);
      return g.multiply(first, last);
    },
  },
  Slice: { by: { x: [3, 5] }, build: (g) => square(g, g.slice("x", 1, 1, 4)) },
  "Slice, from the end": { by: { x: [3, 5] }, build: (g) => square(g, g.slice("x", -1, -3, 2 ** 31)) },
  "Slice, two axes": {
    by: { x: [3, 5] },
    build: (g) => square(g, g.node("Slice", ["x", g.int64([1, -9]), g.int64([3, 4]), g.int64([0, 1])])),
  },
  "Slice, bounds at run time": {
    by: { x: [3, 5] },
    indices: { start: [[1], [-2]], end: [[1], [9]] },
    build: (g) => square(g, g.node("Slice", ["x", "start", "end", g.int64([1])])),
  },
  Pad: { by: twoByThree, build: (g) => square(g, g.node("Pad", ["x", g.int64([0, 1, 2, 0]), float64(g, 3)])) },
  Expand: { by: { x: [2, 1] }, build: (g) => square(g, g.node("Expand", ["x", g.int64([3, 2, 4])])) },
  Tile: { by: twoByThree, build: (g) => square(g, g.node("Tile", ["x", g.int64([2, 3])])) },

  "Gather, rows twice": {
    by: { x: [4, 3] },
    indices: {
      i: [
        [2, 3],
        [1, 3, 1, 0, -1, 1],
      ],
    },
    build: (g) => square(g, g.gather("x", "i", 0)),
  },
  "Gather, middle axis": {
    by: { x: [2, 3, 4] },
    indices: { i: [[4], [0, 0, 2, 2]] },
    build: (g) => square(g, g.gather("x", "i", 1)),
  },
  "Gather, one": { by: { x: [2, 3, 4] }, build: (g) => square(g, g.gather("x", g.index(-1), 1)) },
  GatherElements: {
    by: { x: [3, 4] },
    indices: {
      i: [
        [3, 3],
        [0, 0, 3, 1, 2, 1, -1, 3, 0],
      ],
    },
    build: (g) => square(g, g.gatherElements("x", "i", 1)),
  },
  GatherND: {
    by: { x: [3, 4, 2] },
    indices: {
      i: [
        [3, 2],
        [0, 1, 2, 3, 0, 1],
      ],
    },
    build: (g) => square(g, g.gatherByIndex("x", g.reshape("i", [-1, 2]))),
  },
  "GatherND, whole elements": {
    by: { x: [3, 4] },
    indices: {
      i: [
        [3, 2],
        [0, 1, 2, 3, 0, 1],
      ],
    },
    build: (g) => square(g, g.gatherByIndex("x", g.reshape("i", [-1, 2]))),
  },
  "GatherND, batch axis": {
    by: { x: [2, 4, 3] },
    indices: {
      i: [
        [2, 3, 1],
        [0, 1, 0, 3, 3, 2],
      ],
    },
    build: (g) => square(g, g.node("GatherND", ["x", g.reshape("i", [2, 3, 1])], { batch_dims: int(1) })),
  },
  ScatterND: {
    by: { x: [3, 4], u: [2] },
    indices: {
      i: [
        [2, 2],
        [0, 1, 2, 3],
      ],
    },
    build: (g) => square(g, g.scatterByIndex("x", "i", "u")),
  },
  ScatterElements: {
    by: { x: [3, 4], u: [3, 2] },
    indices: {
      i: [
        [3, 2],
        [0, 1, 2, 3, 3, 0],
      ],
    },
    build: (g) => square(g, g.scatterElements("x", "i", "u", 1)),
  },
  "ScatterElements, adding": {
    by: { x: [3, 4], u: [3, 2] },
    indices: {
      i: [
        [3, 2],
        [0, 0, 2, 3, 3, 3],
      ],
    },
    build: (g) => square(g, g.scatterElements("x", "i", "u", 1, "add")),
  },
  TopK: { by: { x: [3, 5] }, build: (g) => square(g, g.topK("x", g.int64([2])).values) },

  "ReduceSum, one axis": reduced("ReduceSum", [1], false),
  "ReduceSum, kept": reduced("ReduceSum", [0, -1], true),
  "ReduceSum, all": reduced("ReduceSum", undefined, false),
  ReduceMean: reduced("ReduceMean", [-1], false),
  "ReduceMean, kept": reduced("ReduceMean", [-1], true),
  "ReduceMean, two axes": reduced("ReduceMean", [0, 2], false),
  ReduceMax: reduced("ReduceMax", [-1], false),
  "ReduceMin, kept": reduced("ReduceMin", [1], true, { type: "float32" }),
  ReduceLogSumExp: reduced("ReduceLogSumExp", [-1], false),
  ReduceSumSquare: reduced("ReduceSumSquare", [1], false),
  ReduceL1: reduced("ReduceL1", [1], false, { type: "float32" }),
  ReduceL2: reduced("ReduceL2", [-1], true, { type: "float32" }),
};

/** Makes a moved element's cotangent depend on the element, so that a wrong place shows. */
function square(g: GraphBuilder, value: ValueName): ValueName {
  return g.multiply(value, value);
}

for (const [name, subject] of Object.entries(CASES)) {
  test(`${name}: the gradient equals the difference quotient`, () => checkGradients(subject));
}
