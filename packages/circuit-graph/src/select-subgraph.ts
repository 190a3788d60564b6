/** A part of a graph as a graph of its own, for export: nodes, the edges among them, and what files had beside. */
import type { CircuitGraph } from "./circuit-graph.ts";
import { selectRemainders } from "./interchange/remainders.ts";

/**
 * @param nodes [nodes] 1 = kept. @param edges [edges] 1 = kept; only those between kept nodes count.
 * Scores stay those of the graph as it was made; the view loses what it said about nodes that are gone.
 */
export function selectSubgraph(graph: CircuitGraph, nodes: Uint8Array, edges?: Uint8Array): CircuitGraph {
  const keptNodes = graph.nodes.flatMap((_, node) => (nodes[node] === 1 ? [node] : []));
  const newPlace = new Map(keptNodes.map((node, place) => [node, place]));
  const { source, target, weight, factor } = graph.edges;
  const keptEdges = weight.flatMap((_, edge) =>
    newPlace.has(source[edge] ?? -1) && newPlace.has(target[edge] ?? -1) && edges?.[edge] !== 0 ? [edge] : [],
  );
  const { view, foreign } = graph;
  const selected = keptNodes.flatMap((node) => graph.nodes[node] ?? []);
  const nodeIds = new Set(selected.map(({ id }) => id));
  const supernodes = view.supernodes
    .map((supernode) => ({ ...supernode, nodes: supernode.nodes.filter((id) => nodeIds.has(id)) }))
    .filter((supernode) => supernode.nodes.length > 0);
  const ids = new Set([...nodeIds, ...supernodes.map(({ id }) => id)]);
  return {
    ...graph,
    nodes: selected,
    edges: {
      source: keptEdges.map((edge) => newPlace.get(source[edge] ?? -1) ?? 0),
      target: keptEdges.map((edge) => newPlace.get(target[edge] ?? -1) ?? 0),
      weight: keptEdges.map((edge) => weight[edge] ?? 0),
      ...(factor === undefined ? {} : { factor: keptEdges.map((edge) => factor[edge] ?? null) }),
    },
    view: {
      ...view,
      supernodes,
      pins: view.pins.filter((id) => ids.has(id)),
      labels: only(view.labels),
      positions: only(view.positions),
      clicked: view.clicked !== null && ids.has(view.clicked) ? view.clicked : null,
    },
    foreign:
      foreign === null
        ? null
        : {
            ...foreign,
            nodes: selectRemainders(foreign.nodes, keptNodes),
            links: selectRemainders(foreign.links, keptEdges),
          },
  };

  function only<Value>(record: Readonly<Record<string, Value>>): Record<string, Value> {
    return Object.fromEntries(Object.entries(record).filter(([id]) => ids.has(id)));
  }
}
