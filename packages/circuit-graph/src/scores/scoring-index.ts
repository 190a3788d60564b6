/**
 * What scores and pruning need of a graph, once: they run again at every movement of a slider.
 *
 * Notation (A: [target, source], the matrix of weights): N = |A| with every row divided by its sum; w = probabilities at
 * the logits, else 0; influence I = wN + wN² + …, which ends because the graph has no cycle.
 *
 * Where a node states its `inputSum`, that is what its row is divided by, and the part that its edges do not reach is its
 * *rest*: known to be there, and not known from where.
 */
import type { CircuitGraph, NodeKind } from "../circuit-graph.ts";
import { type EdgeIndex, indexEdges, requireAcyclic } from "../edge-index.ts";

export interface ScoringIndex {
  readonly edges: EdgeIndex;
  readonly kinds: readonly NodeKind[];
  /** [nodes] sources before targets. */
  readonly order: Uint32Array;
  /** [nodes] w: where influence starts. */
  readonly start: Float64Array;
  /** [nodes] Σ |weight| of the edges that are here. */
  readonly edgeSum: Float64Array;
  /** [nodes] what the row is divided by: `inputSum` where stated, at least `edgeSum`. */
  readonly divisor: Float64Array;
  /** [nodes] share of the inputs that no edge here carries, in [0, 1]. */
  readonly rest: Float64Array;
}

/** Rows whose sum is below it count as rows of zeros; the floor of the published implementation. */
export const SMALLEST_ROW_SUM = 1e-10;

/** @throws PatchbayError `values-do-not-fit` for a graph with a cycle. */
export function indexForScores(graph: CircuitGraph): ScoringIndex {
  const { nodes } = graph;
  const edges = indexEdges(graph);
  const edgeSum = sumInputs(edges, null);
  const divisor = edgeSum.slice();
  const rest = new Float64Array(nodes.length);
  const start = new Float64Array(nodes.length);
  nodes.forEach(({ kind, probability, inputSum }, node) => {
    const sum = edgeSum[node] ?? 0;
    // Tokens, errors and biases are where paths begin: whatever is stated, they read nothing.
    const isBeginning = kind === "token" || kind === "error" || kind === "bias";
    const stated = isBeginning ? sum : Math.max(sum, inputSum ?? 0);
    divisor[node] = stated;
    if (stated > SMALLEST_ROW_SUM) rest[node] = (stated - sum) / stated;
    if (kind === "logit") start[node] = Math.max(0, probability ?? 0);
  });
  return {
    edges,
    kinds: nodes.map(({ kind }) => kind),
    order: requireAcyclic(graph, edges),
    start,
    edgeSum,
    divisor,
    rest,
  };
}

/** @param kept [edges] 0 = left out; null = all. @returns [nodes] Σ |weight| into each node. */
export function sumInputs({ nodeCount, edgeCount, target, weight }: EdgeIndex, kept: Uint8Array | null): Float64Array {
  const sums = new Float64Array(nodeCount);
  for (let edge = 0; edge < edgeCount; edge += 1) {
    if (kept !== null && kept[edge] === 0) continue;
    const node = target[edge] ?? 0;
    sums[node] = (sums[node] ?? 0) + Math.abs(weight[edge] ?? 0);
  }
  return sums;
}
