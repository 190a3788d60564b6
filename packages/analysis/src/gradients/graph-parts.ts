/** Parts of a graph as graphs of their own: from chosen values to chosen values. */
import type { Graph, GraphNode, ValueInfo, ValueName } from "@patchbay/onnx-graph";

/** Nodes that `outputs` need, in order of computation; values in `given` are not looked behind. */
export function nodesBetween(
  graph: Graph,
  given: ReadonlySet<ValueName>,
  outputs: readonly ValueName[],
): readonly GraphNode[] {
  const needed = new Set(outputs);
  const kept: GraphNode[] = [];
  for (const node of graph.nodes.toReversed()) {
    if (!node.outputs.some((output) => needed.has(output) && !given.has(output))) continue;
    kept.push(node);
    for (const input of node.inputs) needed.add(input);
  }
  return kept.reverse();
}

/** The graph without what its outputs do not need; `outputs` in place of its own. */
export function withOutputs(graph: Graph, outputs: readonly ValueInfo[]): Graph {
  const nodes = nodesBetween(
    graph,
    new Set(),
    outputs.map(({ name }) => name),
  );
  return { ...prune(graph, nodes, outputs), outputs };
}

/** The part of a graph that computes `outputs` from `inputs`, which become graph inputs, and what else it needs. */
export function partOf(graph: Graph, inputs: readonly ValueInfo[], outputs: readonly ValueInfo[]): Graph {
  const given = new Set(inputs.map(({ name }) => name));
  const nodes = nodesBetween(
    graph,
    given,
    outputs.map(({ name }) => name),
  );
  const rest = { ...graph, inputs: graph.inputs.filter(({ name }) => !given.has(name)) };
  const pruned = prune(rest, nodes, outputs);
  return { ...pruned, inputs: [...inputs, ...pruned.inputs], outputs };
}

function prune(graph: Graph, nodes: readonly GraphNode[], outputs: readonly ValueInfo[]): Graph {
  const read = new Set([...nodes.flatMap(({ inputs }) => inputs), ...outputs.map(({ name }) => name)]);
  return {
    ...graph,
    nodes,
    inputs: graph.inputs.filter(({ name }) => read.has(name)),
    initializers: graph.initializers.filter(({ name }) => read.has(name)),
  };
}
