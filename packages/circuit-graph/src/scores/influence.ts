/** Influence: how much of what the logits read comes through each node, along all paths. */
import type { CircuitGraph } from "../circuit-graph.ts";
import { type ScoringIndex, SMALLEST_ROW_SUM } from "./scoring-index.ts";

export interface InfluenceOptions {
  /** [edges] 0 = left out. */
  readonly keptEdges?: Uint8Array;
  /** [nodes] what rows are divided by; default the index's. */
  readonly divisor?: Float64Array;
  /** [nodes] 1 = influence arrives here and goes no further. */
  readonly ends?: Uint8Array;
}

/**
 * I = wN + wN² + …, in one sweep from the logits down: a node's influence is complete when all its readers have passed
 * theirs on, so the sum over paths of every length is exact.
 * @returns [nodes] not normalised; a logit has influence only if something reads it.
 */
export function influenceOf(index: ScoringIndex, options: InfluenceOptions = {}): Float64Array {
  const { edges, order, start } = index;
  const { keptEdges, ends, divisor = index.divisor } = options;
  const { source, weight, byTarget } = edges;
  const influence = new Float64Array(edges.nodeCount);
  for (let place = order.length - 1; place >= 0; place -= 1) {
    const node = order[place] ?? 0;
    const arriving = (influence[node] ?? 0) + (start[node] ?? 0);
    if (arriving === 0 || ends?.[node] === 1) continue;
    const perWeight = arriving / Math.max(divisor[node] ?? 0, SMALLEST_ROW_SUM);
    const last = byTarget.start[node + 1] ?? 0;
    for (let row = byTarget.start[node] ?? 0; row < last; row += 1) {
      const edge = byTarget.edges[row] ?? 0;
      if (keptEdges !== undefined && keptEdges[edge] === 0) continue;
      const from = source[edge] ?? 0;
      influence[from] = (influence[from] ?? 0) + Math.abs(weight[edge] ?? 0) * perWeight;
    }
  }
  return influence;
}

/**
 * Cumulative share at each node's rank, what files call `influence`: small is important; 1 for nodes without any.
 * @returns [nodes] in [0, 1]; equal influences keep the order of the nodes.
 */
export function cumulativeInfluence(influence: Float64Array): Float64Array {
  const shares = new Float64Array(influence.length).fill(1);
  const total = influence.reduce((sum, value) => sum + value, 0);
  if (total === 0) return shares;
  const ranked = Uint32Array.from(influence.keys()).sort((a, b) => (influence[b] ?? 0) - (influence[a] ?? 0) || a - b);
  let sum = 0;
  for (const node of ranked) {
    sum += influence[node] ?? 0;
    shares[node] = Math.min(1, sum / total);
  }
  return shares;
}

/** The graph with every node's `influence` filled in from its edges; null for logits, as files have it. */
export function withInfluence(graph: CircuitGraph, index: ScoringIndex): CircuitGraph {
  const shares = cumulativeInfluence(influenceOf(index));
  const nodes = graph.nodes.map((node, place) => ({
    ...node,
    influence: node.kind === "logit" ? null : (shares[place] ?? null),
  }));
  return { ...graph, nodes };
}
