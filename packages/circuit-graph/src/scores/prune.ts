/**
 * Pruning as circuit-tracer does it: the nodes that carry a share of the influence, among them the edges that carry a share
 * of what is left, and then nothing that leads nowhere or comes from nowhere.
 */
import type { CircuitGraph, Thresholds } from "../circuit-graph.ts";
import { influenceOf } from "./influence.ts";
import { type ScoringIndex, SMALLEST_ROW_SUM, sumInputs } from "./scoring-index.ts";

export interface Pruned {
  /** [nodes] 1 = kept. */
  readonly nodes: Uint8Array;
  /** [edges] 1 = kept. */
  readonly edges: Uint8Array;
}

export interface PruneOptions {
  /** Of the whole graph, as `influenceOf` gives it: it does not depend on the thresholds. */
  readonly influence?: Float64Array;
  /** Places of nodes that stay whatever happens: the pinned ones. */
  readonly pinned?: Iterable<number>;
}

/** @param thresholds null = everything passes; without any threshold nothing is removed. */
export function pruneGraph(index: ScoringIndex, thresholds: Thresholds, options: PruneOptions = {}): Pruned {
  const pinned = [...(options.pinned ?? [])];
  const nodes =
    thresholds.node === null
      ? new Uint8Array(index.edges.nodeCount).fill(1)
      : pruneNodes(index, options.influence ?? influenceOf(index), thresholds.node);
  for (const node of pinned) nodes[node] = 1;
  const edges = thresholds.edge === null ? edgesAmong(index, nodes) : pruneEdges(index, nodes, thresholds.edge);
  if (thresholds.node === null && thresholds.edge === null) return { nodes, edges };
  return cleanUp(index, { nodes, edges }, pinned);
}

/** Tokens, logits, and the strongest others up to that share of all influence. @returns [nodes] 1 = kept. */
export function pruneNodes({ kinds }: ScoringIndex, influence: Float64Array, threshold: number): Uint8Array {
  const smallest = smallestKept(influence, threshold);
  return Uint8Array.from(kinds, (kind, node) =>
    kind === "token" || kind === "logit" || (influence[node] ?? 0) >= smallest ? 1 : 0,
  );
}

/**
 * Edge score = N'[target, source]·(I' + w)[target], with N' the matrix of the kept nodes, its rows divided by their new
 * sums (a rest that was never an edge plays no part here: edges are only ranked against each other).
 * @param nodes [nodes] 1 = kept. @returns [edges] 1 = kept.
 */
export function pruneEdges(index: ScoringIndex, nodes: Uint8Array, threshold: number): Uint8Array {
  const among = edgesAmong(index, nodes);
  const scores = edgeScores(index, among);
  const smallest = smallestKept(scores, threshold);
  return among.map((isAmong, edge) => (isAmong === 1 && (scores[edge] ?? 0) >= smallest ? 1 : 0));
}

/** @param kept [edges] 1 = counts. @returns [edges] */
export function edgeScores(index: ScoringIndex, kept: Uint8Array): Float64Array {
  const { edges, start } = index;
  const divisor = sumInputs(edges, kept);
  const influence = influenceOf(index, { keptEdges: kept, divisor });
  const scores = new Float64Array(edges.edgeCount);
  for (let edge = 0; edge < edges.edgeCount; edge += 1) {
    if (kept[edge] === 0) continue;
    const target = edges.target[edge] ?? 0;
    const arriving = (influence[target] ?? 0) + (start[target] ?? 0);
    scores[edge] = (Math.abs(edges.weight[edge] ?? 0) / Math.max(divisor[target] ?? 0, SMALLEST_ROW_SUM)) * arriving;
  }
  return scores;
}

/**
 * Removes, until nothing changes, features without an incoming or an outgoing edge and other nodes without an outgoing one;
 * tokens, logits and pinned nodes stay.
 */
export function cleanUp(index: ScoringIndex, pruned: Pruned, pinned: Iterable<number> = []): Pruned {
  const { kinds, edges: all } = index;
  const { source, target, byTarget, bySource } = all;
  const nodes = pruned.nodes.slice();
  const edges = pruned.edges.slice();
  const stays = Uint8Array.from(kinds, (kind) => (kind === "token" || kind === "logit" ? 1 : 0));
  for (const node of pinned) stays[node] = 1;
  const incoming = new Uint32Array(all.nodeCount);
  const outgoing = new Uint32Array(all.nodeCount);
  for (let edge = 0; edge < all.edgeCount; edge += 1) {
    const from = source[edge] ?? 0;
    const to = target[edge] ?? 0;
    if (edges[edge] === 0 || nodes[from] === 0 || nodes[to] === 0) {
      edges[edge] = 0;
      continue;
    }
    outgoing[from] = (outgoing[from] ?? 0) + 1;
    incoming[to] = (incoming[to] ?? 0) + 1;
  }
  const isLoose = (node: number): boolean =>
    nodes[node] === 1 &&
    stays[node] === 0 &&
    (outgoing[node] === 0 || (kinds[node] === "feature" && incoming[node] === 0));
  const loose: number[] = [];
  for (let node = 0; node < all.nodeCount; node += 1) if (isLoose(node)) loose.push(node);
  for (let node = loose.pop(); node !== undefined; node = loose.pop()) {
    if (nodes[node] === 0) continue;
    nodes[node] = 0;
    for (const edge of byTarget.edges.subarray(byTarget.start[node], byTarget.start[node + 1])) {
      if (edges[edge] === 0) continue;
      edges[edge] = 0;
      const from = source[edge] ?? 0;
      outgoing[from] = (outgoing[from] ?? 1) - 1;
      if (isLoose(from)) loose.push(from);
    }
    for (const edge of bySource.edges.subarray(bySource.start[node], bySource.start[node + 1])) {
      if (edges[edge] === 0) continue;
      edges[edge] = 0;
      const to = target[edge] ?? 0;
      incoming[to] = (incoming[to] ?? 1) - 1;
      if (isLoose(to)) loose.push(to);
    }
  }
  return { nodes, edges };
}

/**
 * What viewers of graph files do with a file's own `influence`: nodes at or below the threshold, and nodes without one. For
 * files that were pruned before they were written, whose edges no longer give the influence of the whole.
 */
export function pruneByStoredInfluence({ nodes }: CircuitGraph, index: ScoringIndex, threshold: number): Pruned {
  const kept = Uint8Array.from(nodes, ({ kind, influence }) =>
    kind === "token" || kind === "logit" || influence === null || influence <= threshold ? 1 : 0,
  );
  return { nodes: kept, edges: edgesAmong(index, kept) };
}

/** @returns [edges] 1 = both ends are kept. */
export function edgesAmong({ edges }: ScoringIndex, nodes: Uint8Array): Uint8Array {
  const among = new Uint8Array(edges.edgeCount);
  for (let edge = 0; edge < edges.edgeCount; edge += 1)
    among[edge] = nodes[edges.source[edge] ?? 0] === 1 && nodes[edges.target[edge] ?? 0] === 1 ? 1 : 0;
  return among;
}

/** The value at the first rank whose cumulative share reaches the threshold: all that equal it stay too. */
function smallestKept(values: Float64Array, threshold: number): number {
  const ascending = values.slice().sort();
  let total = 0;
  for (const value of ascending) total += value;
  if (total === 0) return 0;
  let sum = 0;
  for (let place = ascending.length - 1; place >= 0; place -= 1) {
    const value = ascending[place] ?? 0;
    sum += value;
    if (sum / total >= threshold) return value;
  }
  return ascending[0] ?? 0;
}
