/** Types and lengths of an operator's outputs from those of its inputs, for the operators that we emit. */
import { ensureDefined } from "@patchbay/vocabulary";
import type { ElementType } from "../graph.ts";
import { ELEMENT_TYPE_NUMBERS } from "../onnx-schema.ts";
import { broadcast, type Length, positiveAxis, product, reshaped, sliced } from "./lengths.ts";
import type { NodeFacts, ValueFacts } from "./node-facts.ts";

/** One entry for each output; none for an operator that is not known. */
export function inferNode(node: NodeFacts): readonly ValueFacts[] {
  const infer = INFERENCES[node.node.operator];
  return node.node.domain === "" && infer !== undefined ? infer(node) : [];
}

type Inference = (node: NodeFacts) => readonly ValueFacts[];

const same: Inference = (node) => [{ type: node.type(), shape: node.shape() }];

const broadcasting =
  (type?: ElementType): Inference =>
  (node) => [{ type: type ?? node.type(), shape: broadcastAll(node, node.node.inputs.keys()) }];

function broadcastAll(node: NodeFacts, inputs: Iterable<number>): readonly Length[] | undefined {
  let result: readonly Length[] | undefined = [];
  for (const input of inputs) {
    const shape = node.shape(input);
    if (shape === undefined) return undefined;
    result = broadcast(result, shape, node.unknown);
  }
  return result;
}

const reduction =
  (type?: ElementType): Inference =>
  (node) => {
    const shape = node.shape();
    const keep = node.int("keepdims", 1) === 1;
    const result = (lengths: Length[] | undefined) => [{ type: type ?? node.type(), shape: lengths }];
    if (shape === undefined) return result(undefined);
    const given = node.node.inputs[1] !== undefined && node.node.inputs[1] !== "";
    const all = node.int("noop_with_empty_axes", 0) === 1 ? [] : [...shape.keys()];
    const axes =
      type === "int64" ? [positiveAxis(node.int("axis", 0), shape.length)] : given ? node.axes(1, shape.length) : all;
    if (axes === undefined) return result(keep ? node.unknown.shape(shape.length) : undefined);
    const reduced = axes.length === 0 ? all : axes;
    if (keep) return result(shape.map((length, axis) => (reduced.includes(axis) ? 1 : length)));
    return result(shape.filter((_, axis) => !reduced.includes(axis)));
  };

/** A shape that is a value: its entries, or as many unknown lengths as it has entries. */
function shapeFrom(node: NodeFacts, input: number): readonly Length[] | undefined {
  const rank = node.shape(input)?.[0];
  return node.entries(input) ?? (typeof rank === "number" ? node.unknown.shape(rank) : undefined);
}

const INFERENCES: Readonly<Record<string, Inference>> = {
  ...Object.fromEntries(
    [
      ...["Neg", "Sqrt", "Exp", "Log", "Abs", "Reciprocal", "Sigmoid", "Tanh", "Erf", "Relu", "Gelu", "Clip", "Sign"],
      ...["Floor", "Ceil", "Round", "Not", "Softmax", "LogSoftmax", "Identity"],
      ...["ScatterND", "ScatterElements", "CumSum", "LayerNormalization", "SimplifiedLayerNormalization"],
    ].map((operator) => [operator, same]),
  ),
  ...Object.fromEntries(
    ["Add", "Sub", "Mul", "Div", "Pow", "Mod", "Max", "Min", "Sum"].map((operator) => [operator, broadcasting()]),
  ),
  ...Object.fromEntries(
    ["Greater", "GreaterOrEqual", "Less", "LessOrEqual", "Equal", "And", "Or", "Xor"].map((operator) => [
      operator,
      broadcasting("bool"),
    ]),
  ),
  ...Object.fromEntries(
    ["Sum", "Mean", "Max", "Min", "LogSumExp", "SumSquare", "L1", "L2"].map((kind) => [`Reduce${kind}`, reduction()]),
  ),
  ArgMax: reduction("int64"),
  ArgMin: reduction("int64"),
  IsNaN: (node) => [{ type: "bool", shape: node.shape() }],
  IsInf: (node) => [{ type: "bool", shape: node.shape() }],
  Identity: (node) => [node.of(0) ?? { type: "float32", shape: undefined }],
  Cast(node) {
    const code = node.int("to", ELEMENT_TYPE_NUMBERS.float32);
    const types = Object.entries(ELEMENT_TYPE_NUMBERS) as [ElementType, number][];
    return [{ type: types.find(([, number]) => number === code)?.[0] ?? "float32", shape: node.shape() }];
  },
  Where: (node) => [{ type: node.type(1), shape: broadcastAll(node, [0, 1, 2]) }],
  MatMul: (node) => [{ type: node.type(), shape: matrixProductShape(node) }],
  Gemm(node) {
    const [a, b] = [node.shape(0), node.shape(1)];
    if (a === undefined || b === undefined) return [{ type: node.type(), shape: undefined }];
    const rows = a[node.int("transA", 0)] ?? node.unknown.next();
    const columns = b[1 - node.int("transB", 0)] ?? node.unknown.next();
    return [{ type: node.type(), shape: [rows, columns] }];
  },
  Transpose(node) {
    const shape = node.shape();
    const given = node.node.attributes["perm"];
    const order = given !== undefined && "ints" in given ? given.ints : [...(shape ?? []).keys()].reverse();
    return [{ type: node.type(), shape: shape && order.map((axis) => shape[axis] ?? node.unknown.next()) }];
  },
  Reshape(node) {
    const shape = node.shape();
    const wanted = shapeFrom(node, 1);
    return [{ type: node.type(), shape: wanted && reshaped(shape ?? [], wanted, node.unknown) }];
  },
  Flatten(node) {
    const shape = node.shape();
    if (shape === undefined) return [{ type: node.type(), shape: node.unknown.shape(2) }];
    const axis = positiveAxis(node.int("axis", 1), shape.length);
    const halves = [shape.slice(0, axis), shape.slice(axis)];
    return [{ type: node.type(), shape: halves.map((half) => product(half, node.unknown)) }];
  },
  Unsqueeze(node) {
    const shape = node.shape();
    const axes = shape && node.axes(1, shape.length + (node.entries(1)?.length ?? 0));
    if (shape === undefined || axes === undefined) return [{ type: node.type(), shape: undefined }];
    const rest = [...shape];
    const result = Array.from({ length: shape.length + axes.length }, (_, axis) =>
      axes.includes(axis) ? 1 : ensureDefined(rest.shift(), "a length"),
    );
    return [{ type: node.type(), shape: result }];
  },
  Squeeze(node) {
    const shape = node.shape();
    const axes = shape && node.axes(1, shape.length);
    return [{ type: node.type(), shape: axes && shape.filter((_, axis) => !axes.includes(axis)) }];
  },
  Concat(node) {
    const shapes = node.node.inputs.map((_, input) => node.shape(input));
    const lists = node.node.inputs.map((_, input) => node.entries(input));
    const [first] = shapes;
    if (first === undefined) return [{ type: node.type(), shape: undefined }];
    const axis = positiveAxis(node.int("axis", 0), first.length);
    const lengths = shapes.map((shape) => shape?.[axis]);
    const numbers = lengths.filter((length) => typeof length === "number");
    const total = numbers.length === lengths.length ? numbers.reduce((a, b) => a + b, 0) : node.unknown.next();
    const entries = lists.every((list) => list !== undefined) ? { entries: lists.flat() } : {};
    return [{ type: node.type(), shape: node.with(first, axis, total), ...entries }];
  },
  Split(node) {
    const shape = node.shape();
    const axis = node.int("axis", 0);
    const whole = shape?.[positiveAxis(axis, shape.length)];
    const count = node.node.outputs.length;
    return node.node.outputs.map((_, i) => {
      const even = node.node.inputs.length === 1 && typeof whole === "number" && whole % count === 0;
      const length = node.entries(1)?.[i] ?? (even ? whole / count : node.unknown.next());
      return { type: node.type(), shape: shape && node.with(shape, axis, length) };
    });
  },
  Slice(node) {
    const shape = node.shape();
    const [starts, ends] = [node.entries(1), node.entries(2)];
    const axes = shape && (node.node.inputs.length < 4 ? [...(starts ?? []).keys()] : node.axes(3, shape.length));
    const plain = (node.node.inputs[4] ?? "") === "" || node.entries(4)?.every((step) => step === 1) === true;
    if (shape === undefined || axes === undefined)
      return [{ type: node.type(), shape: shape && node.unknown.shape(shape.length) }];
    const result = [...shape];
    axes.forEach((axis, i) => {
      const [start, end] = [starts?.[i] ?? "", ends?.[i] ?? ""];
      result[axis] = plain ? sliced(shape[axis] ?? 0, start, end, node.unknown) : node.unknown.next();
    });
    const [start, end] = [starts?.[0], ends?.[0]];
    const list = node.entries(0);
    const known = list !== undefined && plain && typeof start === "number" && typeof end === "number";
    return [{ type: node.type(), shape: result, ...(known ? { entries: list.slice(start, end) } : {}) }];
  },
  Gather(node) {
    const [shape, indices] = [node.shape(0), node.shape(1)];
    if (shape === undefined || indices === undefined) return [{ type: node.type(), shape: undefined }];
    const axis = positiveAxis(node.int("axis", 0), shape.length);
    const [list, chosen] = [node.entries(0), node.entries(1)];
    const entries = chosen?.map((at) => (typeof at === "number" ? list?.at(at) : undefined));
    const known = list !== undefined && entries?.every((entry) => entry !== undefined) === true;
    return [
      {
        type: node.type(),
        shape: [...shape.slice(0, axis), ...indices, ...shape.slice(axis + 1)],
        ...(known ? { entries } : {}),
      },
    ];
  },
  GatherElements: (node) => [{ type: node.type(), shape: node.shape(1) }],
  GatherND(node) {
    const [shape, indices] = [node.shape(0), node.shape(1)];
    const depth = indices?.at(-1);
    if (shape === undefined || indices === undefined || typeof depth !== "number") {
      return [{ type: node.type(), shape: undefined }];
    }
    return [{ type: node.type(), shape: [...indices.slice(0, -1), ...shape.slice(node.int("batch_dims", 0) + depth)] }];
  },
  TopK(node) {
    const shape = node.shape();
    const count = node.entries(1)?.[0] ?? node.unknown.next();
    const result = shape && node.with(shape, node.int("axis", -1), count);
    return [
      { type: node.type(), shape: result },
      { type: "int64", shape: result },
    ];
  },
  Expand(node) {
    const [shape, wanted] = [node.shape(0), shapeFrom(node, 1)];
    return [{ type: node.type(), shape: shape && wanted && broadcast(shape, wanted, node.unknown) }];
  },
  Tile(node) {
    const shape = node.shape();
    return [{ type: node.type(), shape: shape && node.unknown.shape(shape.length) }];
  },
  Pad(node) {
    const shape = node.shape();
    return [{ type: node.type(), shape: shape && padded(node, shape) }];
  },
  Shape(node) {
    const shape = node.shape();
    if (shape === undefined) return [{ type: "int64", shape: node.unknown.shape(1) }];
    const entries = shape.slice(node.int("start", 0), node.int("end", shape.length));
    return [{ type: "int64", shape: [entries.length], entries }];
  },
  Size: () => [{ type: "int64", shape: [] }],
  NonZero(node) {
    const rank = node.shape()?.length;
    return [{ type: "int64", shape: [rank ?? node.unknown.next(), node.unknown.next()] }];
  },
  Range: (node) => [{ type: node.type(), shape: node.unknown.shape(1) }],
  ConstantOfShape: (node) => [{ type: "float32", shape: shapeFrom(node, 0) }],
  OneHot(node) {
    const shape = node.shape();
    const axis = shape && positiveAxis(node.int("axis", -1), shape.length + 1);
    const depth = node.entries(1)?.[0] ?? node.unknown.next();
    return [{ type: node.type(2), shape: shape && axis !== undefined ? shape.toSpliced(axis, 0, depth) : undefined }];
  },
};

function matrixProductShape(node: NodeFacts): Length[] | undefined {
  const [a, b] = [node.shape(0), node.shape(1)];
  if (a === undefined || b === undefined) return undefined;
  const batch = broadcast(a.slice(0, -2), b.slice(0, -2), node.unknown);
  return [...batch, ...(a.length > 1 ? a.slice(-2, -1) : []), ...(b.length > 1 ? b.slice(-1) : [])];
}

function padded(node: NodeFacts, shape: readonly Length[]): Length[] {
  const axes = (node.node.inputs[3] ?? "") === "" ? [...shape.keys()] : node.axes(3, shape.length);
  const amounts = node.entries(1);
  if (axes === undefined) return node.unknown.shape(shape.length);
  const result = [...shape];
  axes.forEach((axis, i) => {
    const [length, before, after] = [shape[axis], amounts?.[i], amounts?.[i + axes.length]];
    if (before === 0 && after === 0) return;
    const numbers = typeof length === "number" && typeof before === "number" && typeof after === "number";
    result[axis] = numbers ? length + before + after : node.unknown.next();
  });
  return result;
}
