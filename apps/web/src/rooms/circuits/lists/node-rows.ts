/** Rows of the two lists, and their order. */
import type { CircuitGraph, CircuitNode, EdgeIndex } from "@patchbay/circuit-graph";

export interface NodeRow {
  readonly node: CircuitNode;
  /** In the graph's nodes. */
  readonly place: number;
  readonly inputs: number;
  readonly outputs: number;
  /** Σ |weight| of its edges to others. */
  readonly out: number;
}

export interface EdgeRow {
  /** In the graph's columns. */
  readonly edge: number;
  readonly source: CircuitNode;
  readonly target: CircuitNode;
  readonly weight: number;
  readonly factor: number | null;
  /** "direct", or the head that the factor speaks of. */
  readonly through: string | null;
  /** |weight| of Σ |inputs| of the target, its bias and what was left out. */
  readonly share: number;
}

export interface Order {
  readonly key: string;
  readonly order: "ascending" | "descending";
}

export function nodeRows(graph: CircuitGraph, index: EdgeIndex, places: ArrayLike<number>): NodeRow[] {
  return Array.from(places).flatMap((place) => {
    const node = graph.nodes[place];
    if (node === undefined) return [];
    const { bySource, byTarget, weight } = index;
    const count = (rows: EdgeIndex["bySource"]) => (rows.start[place + 1] ?? 0) - (rows.start[place] ?? 0);
    let out = 0;
    for (const edge of bySource.edges.subarray(bySource.start[place], bySource.start[place + 1]))
      out += Math.abs(weight[edge] ?? 0);
    return [{ node, place, inputs: count(byTarget), outputs: count(bySource), out }];
  });
}

/** What a column lacks stands last, whichever way it is sorted. */
export function sortNodes(rows: readonly NodeRow[], { key, order }: Order): NodeRow[] {
  const value = ({ node, inputs, outputs, out }: NodeRow): number | string | null => {
    if (key === "kind") return node.kind;
    if (key === "layer") return node.layer;
    if (key === "position") return node.position;
    if (key === "activation") return node.activation;
    if (key === "inputs") return inputs;
    if (key === "outputs") return outputs;
    return key === "out" ? out : node.influence;
  };
  return sortBy(rows, value, order);
}

export function edgeRows(
  graph: CircuitGraph,
  index: EdgeIndex,
  edges: ArrayLike<number>,
  factorPaths?: readonly (string | null)[],
): EdgeRow[] {
  const entering = new Float64Array(graph.nodes.length);
  for (let edge = 0; edge < index.edgeCount; edge++) {
    const target = index.target[edge] ?? 0;
    entering[target] = (entering[target] ?? 0) + Math.abs(index.weight[edge] ?? 0);
  }
  return Array.from(edges).flatMap((edge) => {
    const place = index.target[edge] ?? 0;
    const [source, target] = [graph.nodes[index.source[edge] ?? 0], graph.nodes[place]];
    if (source === undefined || target === undefined) return [];
    const weight = index.weight[edge] ?? 0;
    const whole = Math.max(target.inputSum ?? 0, entering[place] ?? 0) + Math.abs(target.bias ?? 0);
    const factor = graph.edges.factor?.[edge] ?? null;
    const through = factor === null ? null : (factorPaths?.[edge] ?? null);
    return [{ edge, source, target, weight, factor, through, share: whole === 0 ? 0 : Math.abs(weight) / whole }];
  });
}

export function sortEdges(rows: readonly EdgeRow[], { key, order }: Order): EdgeRow[] {
  const value = (row: EdgeRow): number | string | null => {
    if (key === "source") return row.source.layer * 1e6 + row.source.position;
    if (key === "target") return row.target.layer * 1e6 + row.target.position;
    if (key === "weight") return row.weight;
    if (key === "factor") return row.factor === null ? null : Math.abs(row.factor);
    if (key === "through") return row.through;
    return key === "share" ? row.share : Math.abs(row.weight);
  };
  return sortBy(rows, value, order);
}

function sortBy<Row>(rows: readonly Row[], value: (row: Row) => number | string | null, order: Order["order"]): Row[] {
  const sign = order === "ascending" ? 1 : -1;
  const keyed = rows.map((row, place) => ({ row, place, value: value(row) }));
  keyed.sort((a, b) => {
    if (a.value === null || b.value === null)
      return a.value === b.value ? a.place - b.place : a.value === null ? 1 : -1;
    if (a.value === b.value) return a.place - b.place;
    return a.value < b.value ? -sign : sign;
  });
  return keyed.map(({ row }) => row);
}
