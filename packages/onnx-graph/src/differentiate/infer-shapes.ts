/**
 * Types and lengths of every value of a graph, over the operators that we emit. Ranks are always known there; lengths where
 * the graph says them. Values of operators that are not listed have the shape that the graph declares for an output, or
 * none, and rules that need it say so.
 */
import type { Graph, Initializer, ValueInfo, ValueName } from "../graph.ts";
import { UnknownLengths } from "./lengths.ts";
import { NodeFacts, type ValueFacts } from "./node-facts.ts";
import { inferNode } from "./shape-inferences.ts";

/** Longer integer lists are data, not shapes. */
const MOST_ENTRIES = 64;

export function inferShapes(graph: Graph): ReadonlyMap<ValueName, ValueFacts> {
  const facts = new Map<ValueName, ValueFacts>();
  const unknown = new UnknownLengths(graph);
  // A decoded model marks a length without a name by "?".
  const named = ({ type, shape }: ValueInfo): ValueFacts => ({
    type,
    shape: shape.map((length) => (length === "?" ? unknown.next() : length)),
  });
  for (const input of graph.inputs) facts.set(input.name, named(input));
  for (const constant of graph.initializers) facts.set(constant.name, factsOfConstant(constant));
  const declared = new Map(graph.outputs.map((output) => [output.name, named(output)]));
  for (const node of graph.nodes) {
    const inferred = inferNode(new NodeFacts(node, facts, unknown));
    node.outputs.forEach((output, i) => {
      const found = inferred[i] ?? { type: "float32", shape: undefined };
      if (output !== "") facts.set(output, found.shape === undefined ? (declared.get(output) ?? found) : found);
    });
  }
  return facts;
}

function factsOfConstant({ type, shape, data }: Initializer): ValueFacts {
  const count = shape.reduce((total, length) => total * length, 1);
  if (type !== "int64" || shape.length > 1 || count > MOST_ENTRIES || data.kind !== "inline") return { type, shape };
  const view = new DataView(data.bytes.buffer, data.bytes.byteOffset, data.bytes.byteLength);
  return { type, shape, entries: Array.from({ length: count }, (_, i) => Number(view.getBigInt64(8 * i, true))) };
}
