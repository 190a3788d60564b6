/** Edges by their ends, as typed arrays: what every walk over a graph needs. */
import { PatchbayError } from "@patchbay/vocabulary";
import type { CircuitEdges, CircuitGraph } from "./circuit-graph.ts";

/** Compressed rows: the edges of node n are `edges[start[n]] … edges[start[n + 1] − 1]`, in the order of the document. */
export interface EdgeRows {
  /** [nodes + 1] */
  readonly start: Uint32Array;
  /** [edges] places in the document's columns. */
  readonly edges: Uint32Array;
}

export interface EdgeIndex {
  readonly nodeCount: number;
  readonly edgeCount: number;
  /** [edges] places of the nodes. */
  readonly source: Uint32Array;
  readonly target: Uint32Array;
  /** [edges] signed. */
  readonly weight: Float64Array;
  readonly byTarget: EdgeRows;
  readonly bySource: EdgeRows;
}

export function indexEdges({ nodes, edges }: Pick<CircuitGraph, "nodes" | "edges">): EdgeIndex {
  return indexColumns(nodes.length, edges);
}

export function indexColumns(nodeCount: number, edges: Pick<CircuitEdges, "source" | "target" | "weight">): EdgeIndex {
  const source = Uint32Array.from(edges.source);
  const target = Uint32Array.from(edges.target);
  const weight = Float64Array.from(edges.weight);
  const index = { nodeCount, edgeCount: source.length, source, target, weight };
  return { ...index, byTarget: rowsOf(target, nodeCount), bySource: rowsOf(source, nodeCount) };
}

/** Counting sort: stable, linear. */
function rowsOf(ends: Uint32Array, nodeCount: number): EdgeRows {
  const start = new Uint32Array(nodeCount + 1);
  for (const end of ends) start[end + 1] = (start[end + 1] ?? 0) + 1;
  for (let node = 0; node < nodeCount; node += 1) start[node + 1] = (start[node + 1] ?? 0) + (start[node] ?? 0);
  const next = start.slice();
  const edges = new Uint32Array(ends.length);
  for (let edge = 0; edge < ends.length; edge += 1) {
    const end = ends[edge] ?? 0;
    const place = next[end] ?? 0;
    edges[place] = edge;
    next[end] = place + 1;
  }
  return { start, edges };
}

/** Every source before its targets; nodes on a cycle, or behind one, are not in `order` but in `blocked`. */
export interface SourcesFirst {
  readonly order: Uint32Array;
  readonly blocked: readonly number[];
}

export function sourcesFirst(index: EdgeIndex): SourcesFirst {
  const { nodeCount, bySource, byTarget, target } = index;
  const waiting = new Uint32Array(nodeCount);
  const order = new Uint32Array(nodeCount);
  let found = 0;
  for (let node = 0; node < nodeCount; node += 1) {
    waiting[node] = (byTarget.start[node + 1] ?? 0) - (byTarget.start[node] ?? 0);
    if (waiting[node] === 0) order[found++] = node;
  }
  for (let done = 0; done < found; done += 1) {
    const node = order[done] ?? 0;
    const end = bySource.start[node + 1] ?? 0;
    for (let place = bySource.start[node] ?? 0; place < end; place += 1) {
      const reader = target[bySource.edges[place] ?? 0] ?? 0;
      waiting[reader] = (waiting[reader] ?? 0) - 1;
      if (waiting[reader] === 0) order[found++] = reader;
    }
  }
  const blocked: number[] = [];
  for (let node = 0; found < nodeCount && node < nodeCount; node += 1) if ((waiting[node] ?? 0) > 0) blocked.push(node);
  return { order: order.subarray(0, found), blocked };
}

/** The nodes of one cycle, each a source of the next, the last one of the first; empty where there is none. */
export function findCycle(index: EdgeIndex): number[] {
  const { blocked } = sourcesFirst(index);
  const isBlocked = new Set(blocked);
  // Every blocked node has a blocked source: going backwards must come back to a node that was passed.
  const passed = new Map<number, number>();
  const path: number[] = [];
  let node = blocked[0];
  while (node !== undefined && !passed.has(node)) {
    passed.set(node, path.length);
    path.push(node);
    const { start, edges } = index.byTarget;
    const row = edges.subarray(start[node] ?? 0, start[node + 1] ?? 0);
    node = Array.from(row, (edge) => index.source[edge] ?? 0).find((source) => isBlocked.has(source));
  }
  return node === undefined ? [] : path.slice(passed.get(node)).reverse();
}

/** @throws PatchbayError `values-do-not-fit` that names one cycle. */
export function requireAcyclic(graph: CircuitGraph, index: EdgeIndex): Uint32Array {
  const { order } = sourcesFirst(index);
  if (order.length === index.nodeCount) return order;
  const cycle = findCycle(index).map((node) => graph.nodes[node]?.id ?? String(node));
  throw new PatchbayError("values-do-not-fit", "This graph has a cycle, so it has no influence, scores or pruning.", {
    expected: "edges that go from lower to higher layers",
    received: `the cycle ${[...cycle.slice(0, 8), cycle.length > 8 ? "…" : (cycle[0] ?? "")].join(" → ")}`,
    advice: "The nodes and edges themselves can still be looked at.",
  });
}
