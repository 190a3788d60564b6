/** Kept rows as circuit-graph scores them, in typed arrays: a graph before pruning can have millions of edges. */
import type { NodeKind, ScoringIndex } from "@patchbay/circuit-graph";
import type { SparseRow } from "./sparse-rows.ts";

/** What a row belongs to: a node, and what it is divided by. */
export interface NodeRow {
  readonly node: number;
  /** Columns are places of nodes. */
  readonly row: SparseRow;
}

/**
 * Rows are divided by what is kept of them, as in the published scores, whose matrix holds the selected features alone.
 *
 * @param kinds one a node; features in the order of their layers, before everything else but the logits, which are last
 * @param rows in the order of their nodes
 * @param start [node] influence that starts there
 */
export function scoringIndexOf(
  kinds: readonly NodeKind[],
  rows: readonly NodeRow[],
  start: Float64Array,
): ScoringIndex {
  const nodeCount = kinds.length;
  const edgeCount = rows.reduce((sum, { row }) => sum + row.columns.length, 0);
  const source = new Uint32Array(edgeCount);
  const target = new Uint32Array(edgeCount);
  const weight = new Float64Array(edgeCount);
  const byTargetStart = new Uint32Array(nodeCount + 1);
  const edgeSum = new Float64Array(nodeCount);
  let edge = 0;
  let filled = 0;
  for (const { node, row } of rows) {
    byTargetStart.fill(edge, filled, node + 1);
    filled = node + 1;
    source.set(row.columns, edge);
    weight.set(row.weights, edge);
    target.fill(node, edge, edge + row.columns.length);
    edge += row.columns.length;
    const sum = row.weights.reduce((total, value) => total + Math.abs(value), 0);
    edgeSum[node] = sum;
  }
  byTargetStart.fill(edge, filled);
  return {
    edges: {
      nodeCount,
      edgeCount,
      source,
      target,
      weight,
      byTarget: { start: byTargetStart, edges: Uint32Array.from({ length: edgeCount }, (_, i) => i) },
      bySource: rowsBySource(source, nodeCount),
    },
    kinds,
    order: sourcesFirst(kinds),
    start,
    edgeSum,
    divisor: edgeSum,
    rest: new Float64Array(nodeCount),
  };
}

/** Errors and tokens read nothing; features read lower ones; logits read all. */
function sourcesFirst(kinds: readonly NodeKind[]): Uint32Array {
  const places = [...kinds.keys()];
  const isInput = (node: number) => kinds[node] !== "feature" && kinds[node] !== "logit";
  return Uint32Array.from([...places.filter(isInput), ...places.filter((node) => !isInput(node))]);
}

/** Counting sort by source. */
function rowsBySource(source: Uint32Array, nodeCount: number): { start: Uint32Array; edges: Uint32Array } {
  const start = new Uint32Array(nodeCount + 1);
  for (const node of source) start[node + 1] = (start[node + 1] ?? 0) + 1;
  for (let node = 0; node < nodeCount; node++) start[node + 1] = (start[node + 1] ?? 0) + (start[node] ?? 0);
  const next = start.slice();
  const edges = new Uint32Array(source.length);
  source.forEach((node, edge) => {
    const place = next[node] ?? 0;
    edges[place] = edge;
    next[node] = place + 1;
  });
  return { start, edges };
}
