/** What a node reads and who reads it, with the shares that a person is shown. */
import type { CircuitNode } from "./circuit-graph.ts";
import type { EdgeIndex } from "./edge-index.ts";

export interface Connection {
  /** The other end, a place in `nodes`. */
  readonly node: number;
  /** A place in the columns of `edges`. */
  readonly edge: number;
  readonly weight: number;
  /** |weight| as a share of everything that enters the edge's target: Σ |edges| + |bias| + rest; 0 where that is 0. */
  readonly share: number;
}

export interface Connections {
  /** Strongest first. */
  readonly inputs: readonly Connection[];
  /** Strongest first; the shares are of the reader's inputs, so they do not add up to 1. */
  readonly outputs: readonly Connection[];
  /** Null where the graph does not know it. */
  readonly bias: { readonly value: number; readonly share: number } | null;
  /** Inputs that were left out of the graph: Σ |weight|, sign and origin unknown. */
  readonly rest: { readonly size: number; readonly share: number };
  /** Share of the inputs that comes from error nodes. */
  readonly errorShare: number;
  /** Σ |edges| + |bias| + rest; the shares of inputs, bias and rest add up to 1. */
  readonly total: number;
}

/** @param node its place in `nodes`. */
export function connectionsOf(nodes: readonly CircuitNode[], index: EdgeIndex, node: number): Connections {
  const { bias, rest, total } = entering(nodes, index, node);
  const inputs = rowOf(index.byTarget, node).map((edge) => connection(index.source[edge] ?? 0, edge, total));
  const outputs = rowOf(index.bySource, node).map((edge) => {
    const reader = index.target[edge] ?? 0;
    return connection(reader, edge, entering(nodes, index, reader).total);
  });
  return {
    inputs: inputs.sort(strongestFirst),
    outputs: outputs.sort(strongestFirst),
    bias: bias === null ? null : { value: bias, share: shareOf(bias, total) },
    rest: { size: rest, share: shareOf(rest, total) },
    errorShare: inputs.reduce((sum, input) => (nodes[input.node]?.kind === "error" ? sum + input.share : sum), 0),
    total,
  };

  function connection(other: number, edge: number, whole: number): Connection {
    const weight = index.weight[edge] ?? 0;
    return { node: other, edge, weight, share: shareOf(weight, whole) };
  }
}

function entering(nodes: readonly CircuitNode[], index: EdgeIndex, node: number) {
  const sum = rowOf(index.byTarget, node).reduce((all, edge) => all + Math.abs(index.weight[edge] ?? 0), 0);
  const rest = Math.max(0, (nodes[node]?.inputSum ?? sum) - sum);
  const bias = nodes[node]?.bias ?? null;
  return { bias, rest, total: sum + Math.abs(bias ?? 0) + rest };
}

function rowOf({ start, edges }: EdgeIndex["byTarget"], node: number): number[] {
  return Array.from(edges.subarray(start[node], start[node + 1]));
}

const shareOf = (part: number, whole: number): number => (whole === 0 ? 0 : Math.abs(part) / whole);

const strongestFirst = (a: Connection, b: Connection): number =>
  Math.abs(b.weight) - Math.abs(a.weight) || a.edge - b.edge;
