/** An ONNX graph as an immutable value: nodes in order of computation, named values between them. */

export type ElementType =
  | "float32"
  | "float16"
  | "bfloat16"
  | "float64"
  | "int8"
  | "int32"
  | "int64"
  | "uint8"
  | "bool";

/** The name of a value in one graph. */
export type ValueName = string;

export interface ValueInfo {
  readonly name: ValueName;
  readonly type: ElementType;
  /** Lengths; a word stands for a length known only at run time. */
  readonly shape: readonly (number | string)[];
}

export type AttributeValue =
  | { readonly int: number }
  | { readonly float: number }
  | { readonly string: string }
  | { readonly ints: readonly number[] }
  | { readonly floats: readonly number[] };

export interface GraphNode {
  readonly operator: string;
  /** "" is ONNX's own operator set. */
  readonly domain: string;
  readonly name: string;
  /** "" stands for an optional input left out. */
  readonly inputs: readonly ValueName[];
  readonly outputs: readonly ValueName[];
  readonly attributes: Readonly<Record<string, AttributeValue>>;
}

/** A constant: its bytes in the graph, or a range of a file that the runtime reads itself. */
export interface Initializer {
  readonly name: ValueName;
  readonly type: ElementType;
  readonly shape: readonly number[];
  readonly data:
    | { readonly kind: "inline"; readonly bytes: Uint8Array }
    | { readonly kind: "external"; readonly file: string; readonly offset: number; readonly length: number };
}

export interface Graph {
  readonly name: string;
  readonly inputs: readonly ValueInfo[];
  readonly outputs: readonly ValueInfo[];
  readonly nodes: readonly GraphNode[];
  readonly initializers: readonly Initializer[];
}

/** Bytes of all constants, wherever they lie. */
export function initializerBytes(graph: Graph): number {
  return graph.initializers.reduce(
    (sum, { data }) => sum + (data.kind === "inline" ? data.bytes.length : data.length),
    0,
  );
}

/** Readable text of a graph, for tests and people. */
export function printGraph(graph: Graph): string {
  const value = ({ name, type, shape }: { name: string; type: string; shape: readonly (number | string)[] }) =>
    `${name}: ${type}[${shape.join(", ")}]`;
  const lines = [
    `graph ${graph.name}`,
    ...graph.inputs.map((input) => `  input ${value(input)}`),
    ...graph.initializers.map(
      (constant) =>
        `  constant ${value(constant)}${constant.data.kind === "external" ? ` @${constant.data.offset}+${constant.data.length}` : ""}`,
    ),
    ...graph.nodes.map((node) => {
      const attributes = Object.entries(node.attributes)
        .map(([name, attribute]) => ` ${name}=${Object.values(attribute).flat().join(",")}`)
        .join("");
      return `  ${node.outputs.join(", ")} = ${node.operator}(${node.inputs.join(", ")})${attributes}`;
    }),
    ...graph.outputs.map((output) => `  output ${value(output)}`),
  ];
  return lines.join("\n");
}
