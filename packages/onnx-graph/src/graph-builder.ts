/**
 * Builds a graph node by node. Values are names; every operator that we emit has one method, so that the set of operators
 * that must be differentiable later is visible in one place.
 */
import type { AttributeValue, ElementType, Graph, GraphNode, Initializer, ValueInfo, ValueName } from "./graph.ts";

export interface GeneralProductOptions {
  readonly transposeA?: boolean;
  readonly transposeB?: boolean;
  /** α; default 1. */
  readonly scale?: number;
}

export class GraphBuilder {
  readonly #name: string;
  readonly #inputs: ValueInfo[] = [];
  readonly #outputs: ValueInfo[] = [];
  readonly #nodes: GraphNode[] = [];
  readonly #initializers = new Map<ValueName, Initializer>();
  readonly #counts = new Map<string, number>();
  /** Every name in use, so that fresh names never meet one that was given by hand or came with a graph. */
  readonly #names = new Set<ValueName>();

  constructor(name: string) {
    this.#name = name;
  }

  /** Continues a graph: what it has stays, in order; new nodes come behind. The graph itself is not changed. */
  static from(graph: Graph, name = graph.name): GraphBuilder {
    const builder = new GraphBuilder(name);
    builder.#inputs.push(...graph.inputs);
    builder.#outputs.push(...graph.outputs);
    builder.#nodes.push(...graph.nodes);
    for (const constant of graph.initializers) builder.#initializers.set(constant.name, constant);
    for (const input of graph.inputs) builder.#names.add(input.name);
    for (const constant of graph.initializers) builder.#names.add(constant.name);
    for (const node of graph.nodes) {
      builder.#names.add(node.name);
      for (const output of node.outputs) builder.#names.add(output);
    }
    return builder;
  }

  /** Whether a value or a node has this name. */
  has(name: ValueName): boolean {
    return this.#names.has(name);
  }

  build(): Graph {
    return {
      name: this.#name,
      inputs: [...this.#inputs],
      outputs: [...this.#outputs],
      nodes: [...this.#nodes],
      initializers: [...this.#initializers.values()],
    };
  }

  input(name: ValueName, type: ElementType, shape: readonly (number | string)[]): ValueName {
    this.#inputs.push({ name, type, shape });
    this.#names.add(name);
    return name;
  }

  /** Declares a value as an output. Under another name when `name` is given. */
  output(value: ValueName, type: ElementType, shape: readonly (number | string)[], name?: ValueName): ValueName {
    const exposed = name === undefined || name === value ? value : this.node("Identity", [value], {}, name);
    this.#outputs.push({ name: exposed, type, shape });
    return exposed;
  }

  /** Adds a constant once per name. */
  initializer(constant: Initializer): ValueName {
    if (!this.#initializers.has(constant.name)) this.#initializers.set(constant.name, constant);
    this.#names.add(constant.name);
    return constant.name;
  }

  float32(name: ValueName, shape: readonly number[], values: Float32Array | readonly number[]): ValueName {
    const bytes = new Uint8Array(Float32Array.from(values).buffer);
    return this.initializer({ name, type: "float32", shape, data: { kind: "inline", bytes } });
  }

  int64(values: readonly number[]): ValueName {
    const bytes = new Uint8Array(BigInt64Array.from(values, BigInt).buffer);
    const name = `int64[${values.join(",")}]`;
    return this.initializer({ name, type: "int64", shape: [values.length], data: { kind: "inline", bytes } });
  }

  scalar(value: number): ValueName {
    return this.float32(`float32(${value})`, [], [value]);
  }

  /** A scalar of another float type, for arithmetic with values of that type. */
  scalarOf(type: "float32" | "float64", value: number): ValueName {
    if (type === "float32") return this.scalar(value);
    const bytes = new Uint8Array(Float64Array.of(value).buffer);
    return this.initializer({ name: `float64(${value})`, type, shape: [], data: { kind: "inline", bytes } });
  }

  /** An int64 scalar: Gather with it drops the axis. */
  index(value: number): ValueName {
    const bytes = new Uint8Array(BigInt64Array.of(BigInt(value)).buffer);
    return this.initializer({ name: `int64(${value})`, type: "int64", shape: [], data: { kind: "inline", bytes } });
  }

  node(
    operator: string,
    inputs: readonly ValueName[],
    attributes: Readonly<Record<string, AttributeValue>> = {},
    output?: ValueName,
    domain = "",
  ): ValueName {
    const name = output ?? this.#freshName(operator);
    this.#names.add(name);
    this.#nodes.push({ operator, domain, name, inputs, outputs: [name], attributes });
    return name;
  }

  /** A node with several outputs, named `prefix.0`, `prefix.1`, … */
  nodes(
    operator: string,
    inputs: readonly ValueName[],
    attributes: Readonly<Record<string, AttributeValue>>,
    count: number,
  ): ValueName[] {
    const name = this.#freshName(operator);
    const outputs = Array.from({ length: count }, (_, i) => `${name}.${i}`);
    for (const used of [name, ...outputs]) this.#names.add(used);
    this.#nodes.push({ operator, domain: "", name, inputs, outputs, attributes });
    return outputs;
  }

  add = (a: ValueName, b: ValueName, output?: ValueName) => this.node("Add", [a, b], {}, output);
  subtract = (a: ValueName, b: ValueName) => this.node("Sub", [a, b]);
  multiply = (a: ValueName, b: ValueName, output?: ValueName) => this.node("Mul", [a, b], {}, output);
  divide = (a: ValueName, b: ValueName, output?: ValueName) => this.node("Div", [a, b], {}, output);
  squareRoot = (a: ValueName, output?: ValueName) => this.node("Sqrt", [a], {}, output);
  exponential = (a: ValueName) => this.node("Exp", [a]);
  logarithm = (a: ValueName) => this.node("Log", [a]);
  negate = (a: ValueName) => this.node("Neg", [a]);
  absolute = (a: ValueName) => this.node("Abs", [a]);
  sigmoid = (a: ValueName) => this.node("Sigmoid", [a]);
  sign = (a: ValueName) => this.node("Sign", [a]);
  power = (a: ValueName, exponent: ValueName) => this.node("Pow", [a, exponent]);
  errorFunction = (a: ValueName) => this.node("Erf", [a]);
  tanh = (a: ValueName) => this.node("Tanh", [a]);
  matrixProduct = (a: ValueName, b: ValueName, output?: ValueName) => this.node("MatMul", [a, b], {}, output);
  where = (condition: ValueName, whenTrue: ValueName, whenFalse: ValueName) =>
    this.node("Where", [condition, whenTrue, whenFalse]);
  greater = (a: ValueName, b: ValueName) => this.node("Greater", [a, b]);
  equal = (a: ValueName, b: ValueName) => this.node("Equal", [a, b]);
  /** αAB, either matrix transposed on the way; both have two axes. */
  generalProduct = (
    a: ValueName,
    b: ValueName,
    { transposeA = false, transposeB = false, scale = 1 }: GeneralProductOptions = {},
  ) =>
    this.node("Gemm", [a, b], {
      transA: { int: transposeA ? 1 : 0 },
      transB: { int: transposeB ? 1 : 0 },
      alpha: { float: scale },
    });
  softmax = (a: ValueName, axis: number, output?: ValueName) =>
    this.node("Softmax", [a], { axis: { int: axis } }, output);
  logSoftmax = (a: ValueName, axis: number) => this.node("LogSoftmax", [a], { axis: { int: axis } });
  transpose = (a: ValueName, permutation: readonly number[], output?: ValueName) =>
    this.node("Transpose", [a], { perm: { ints: permutation } }, output);
  /** 0 keeps the length at that place, -1 is inferred. */
  reshape = (a: ValueName, shape: readonly number[], output?: ValueName) =>
    this.node("Reshape", [a, this.int64(shape)], {}, output);
  unsqueeze = (a: ValueName, axes: readonly number[]) => this.node("Unsqueeze", [a, this.int64(axes)]);
  squeeze = (a: ValueName, axes: readonly number[]) => this.node("Squeeze", [a, this.int64(axes)]);
  /** The lengths of a value as int64[rank]. */
  shapeOf = (a: ValueName) => this.node("Shape", [a]);
  /** Like `reshape`, to lengths that are a value. */
  reshapeTo = (a: ValueName, shape: ValueName) => this.node("Reshape", [a, shape]);
  /** Repeats along axes of length 1; `shape` is a value. */
  expandTo = (a: ValueName, shape: ValueName) => this.node("Expand", [a, shape]);
  concat = (values: readonly ValueName[], axis: number, output?: ValueName) =>
    this.node("Concat", values, { axis: { int: axis } }, output);
  slice = (a: ValueName, axis: number, start: number, end: number) =>
    this.node("Slice", [a, this.int64([start]), this.int64([end]), this.int64([axis])]);
  gather = (a: ValueName, indices: ValueName, axis: number, output?: ValueName) =>
    this.node("Gather", [a, indices], { axis: { int: axis } }, output);
  gatherElements = (a: ValueName, indices: ValueName, axis: number) =>
    this.node("GatherElements", [a, indices], { axis: { int: axis } });
  gatherByIndex = (a: ValueName, indices: ValueName) => this.node("GatherND", [a, indices]);
  scatterByIndex = (a: ValueName, indices: ValueName, updates: ValueName, output?: ValueName) =>
    this.node("ScatterND", [a, indices, updates], {}, output);
  /** Writes `updates` over `a` at `indices` along an axis, or adds them. Right with repeated indices only when it adds. */
  scatterElements = (
    a: ValueName,
    indices: ValueName,
    updates: ValueName,
    axis: number,
    reduction: "none" | "add" = "none",
  ) => this.node("ScatterElements", [a, indices, updates], { axis: { int: axis }, reduction: { string: reduction } });
  cast = (a: ValueName, type: ElementType) =>
    this.node("Cast", [a], {
      to: {
        int: { float32: 1, float64: 11, int32: 6, int64: 7, bool: 9, uint8: 2, int8: 3, float16: 10, bfloat16: 16 }[
          type
        ],
      },
    });

  sum = (a: ValueName, axes: readonly number[], keepDimensions = false) =>
    this.#reduce("ReduceSum", a, axes, keepDimensions);
  mean = (a: ValueName, axes: readonly number[], keepDimensions = false) =>
    this.#reduce("ReduceMean", a, axes, keepDimensions);
  maximum = (a: ValueName, axes: readonly number[], keepDimensions = false) =>
    this.#reduce("ReduceMax", a, axes, keepDimensions);
  logSumExp = (a: ValueName, axes: readonly number[], keepDimensions = false) =>
    this.#reduce("ReduceLogSumExp", a, axes, keepDimensions);

  /** The `count` largest along the last axis, falling; indices are int64. `count` is an int64[1] value. */
  topK(a: ValueName, count: ValueName): { values: ValueName; indices: ValueName } {
    const [values, indices] = this.nodes(
      "TopK",
      [a, count],
      { axis: { int: -1 }, largest: { int: 1 }, sorted: { int: 1 } },
      2,
    );
    return { values: values ?? "", indices: indices ?? "" };
  }

  /** Cuts a value along an axis into pieces whose lengths are given at run time; a piece may be empty. */
  split(a: ValueName, lengths: ValueName, axis: number, count: number): ValueName[] {
    return this.nodes("Split", [a, lengths], { axis: { int: axis } }, count);
  }

  #reduce(operator: string, a: ValueName, axes: readonly number[], keepDimensions: boolean): ValueName {
    return this.node(operator, [a, this.int64(axes)], { keepdims: { int: keepDimensions ? 1 : 0 } });
  }

  #freshName(operator: string): ValueName {
    let count = this.#counts.get(operator) ?? 0;
    while (this.#names.has(`${operator}_${count}`)) count += 1;
    this.#counts.set(operator, count + 1);
    return `${operator}_${count}`;
  }
}
