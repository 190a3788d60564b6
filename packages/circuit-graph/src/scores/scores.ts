/**
 * Replacement and completeness: how much of the answer is explained by paths that never pass an error.
 *
 * replacement  = I(tokens) / (I(tokens) + I(errors) + I(rest))
 * completeness = Σ_n (1 − error share of n's inputs − rest of n)·(I + w)[n] / Σ_n (I + w)[n]
 *
 * with I(rest) = Σ_n rest[n]·(I + w)[n]. Without stated input sums there is no rest, and both are the published formulas.
 * The rest counts as unexplained in both: what was not kept cannot be told from error by looking at the graph, so leaving
 * edges out never makes a score better. Bias nodes and nodes of unknown kind are neither tokens nor errors.
 */
import type { CircuitGraph, GraphScores } from "../circuit-graph.ts";
import { influenceOf } from "./influence.ts";
import { indexForScores, type ScoringIndex, SMALLEST_ROW_SUM } from "./scoring-index.ts";

/** Of the graph as it is here. @param influence as `influenceOf` gives it, where the caller has it already. */
export function replacementScore(index: ScoringIndex, influence = influenceOf(index)): number | null {
  return scoresOf(index, influence, null).replacement;
}

export function completenessScore(index: ScoringIndex, influence = influenceOf(index)): number | null {
  return scoresOf(index, influence, null).completeness;
}

export function graphScores(index: ScoringIndex): GraphScores {
  return scoresOf(index, influenceOf(index), null);
}

/**
 * Scores of a part of the graph: every node that is left out counts as an error. Influence that reaches one ends there, and
 * paths through it are unexplained. Tokens and logits always belong to the part, errors are errors in or out of it; so with
 * every node kept these are the scores of the whole graph.
 * @param kept [nodes] 1 = in the part, or the places of its nodes.
 */
export function subgraphScores(index: ScoringIndex, kept: Uint8Array | Iterable<number>): GraphScores {
  const { kinds, edges } = index;
  const leftOut = new Uint8Array(edges.nodeCount);
  const isKept = kept instanceof Uint8Array ? kept : maskOf(kept, edges.nodeCount);
  kinds.forEach((kind, node) => {
    if (kind !== "token" && kind !== "logit" && kind !== "error" && isKept[node] !== 1) leftOut[node] = 1;
  });
  return scoresOf(index, influenceOf(index, { ends: leftOut }), leftOut);
}

/** Shorthand for a graph that is scored once. @throws PatchbayError `values-do-not-fit` for a graph with a cycle. */
export function scoresOfGraph(graph: CircuitGraph): GraphScores {
  return graphScores(indexForScores(graph));
}

export function maskOf(places: Iterable<number>, length: number): Uint8Array {
  const mask = new Uint8Array(length);
  for (const place of places) mask[place] = 1;
  return mask;
}

function scoresOf(index: ScoringIndex, influence: Float64Array, leftOut: Uint8Array | null): GraphScores {
  const { edges, kinds, start, divisor, rest } = index;
  const isError = (node: number): boolean => kinds[node] === "error" || leftOut?.[node] === 1;
  let tokens = 0;
  let unexplained = 0;
  let explained = 0;
  let total = 0;
  for (let node = 0; node < edges.nodeCount; node += 1) {
    const own = influence[node] ?? 0;
    if (kinds[node] === "token") tokens += own;
    if (isError(node)) unexplained += own;
    const arriving = own + (start[node] ?? 0);
    total += arriving;
    // A node that was left out is an end, as errors are: its own inputs say nothing.
    if (leftOut?.[node] === 1 || arriving === 0) {
      explained += arriving;
      continue;
    }
    const missing = rest[node] ?? 0;
    unexplained += missing * arriving;
    explained += (1 - missing - errorShare(node)) * arriving;
  }
  return {
    replacement: tokens + unexplained === 0 ? null : tokens / (tokens + unexplained),
    completeness: total === 0 ? null : explained / total,
  };

  function errorShare(node: number): number {
    const { byTarget, source, weight } = edges;
    let sum = 0;
    const last = byTarget.start[node + 1] ?? 0;
    for (let row = byTarget.start[node] ?? 0; row < last; row += 1) {
      const edge = byTarget.edges[row] ?? 0;
      if (isError(source[edge] ?? 0)) sum += Math.abs(weight[edge] ?? 0);
    }
    return sum / Math.max(divisor[node] ?? 0, SMALLEST_ROW_SUM);
  }
}
