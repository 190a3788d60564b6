/** Choosing a circuit's edges by their scores, and dropping what no longer leads from the input to the logits. */
import { ensureDefined } from "@patchbay/vocabulary";
import type { Edge, EdgeLayout } from "./edge-nodes.ts";

export interface ScoredEdge extends Edge {
  readonly score: number;
}

/** Every edge with its score, by falling |score|; equal ones in order of destination and source. */
export function rankEdges(layout: EdgeLayout, byDestination: readonly ArrayLike<number>[]): ScoredEdge[] {
  const edges: ScoredEdge[] = [];
  layout.destinations.forEach(({ sources }, destination) => {
    for (let source = 0; source < sources; source++) {
      edges.push({ source, destination, score: byDestination[destination]?.[source] ?? 0 });
    }
  });
  return edges.sort((a, b) => Math.abs(b.score) - Math.abs(a.score));
}

/** The `count` largest, whatever they connect. */
export function topEdges(ranked: readonly ScoredEdge[], count: number): ScoredEdge[] {
  return ranked.slice(0, count);
}

/**
 * From the logits backwards: an edge may be taken only when the node it leads to is in; of those that may, always the
 * largest |score| (Hanna et al. 2024).
 */
export function greedyEdges(layout: EdgeLayout, ranked: readonly ScoredEdge[], count: number): ScoredEdge[] {
  const byNode = new Map<number, ScoredEdge[]>();
  for (const edge of ranked) {
    const node = ensureDefined(layout.destinations[edge.destination]).node;
    const own = byNode.get(node) ?? [];
    byNode.set(node, own);
    own.push(edge);
  }
  // One front a node that is in: its edges wait in falling order, so only the first of each needs to be looked at.
  const fronts = new Map<number, number>([[layout.nodes.length - 1, 0]]);
  const chosen: ScoredEdge[] = [];
  while (chosen.length < count) {
    let best: { node: number; edge: ScoredEdge } | undefined;
    for (const [node, place] of fronts) {
      const edge = byNode.get(node)?.[place];
      if (edge === undefined) continue;
      if (best === undefined || Math.abs(edge.score) > Math.abs(best.edge.score)) best = { node, edge };
    }
    if (best === undefined) break;
    chosen.push(best.edge);
    fronts.set(best.node, (fronts.get(best.node) ?? 0) + 1);
    if (!fronts.has(best.edge.source)) fronts.set(best.edge.source, 0);
  }
  return chosen;
}

/** Edges that lie on a path from the input to the logits, all of it within the set. */
export function connectedEdges<Own extends Edge>(layout: EdgeLayout, edges: readonly Own[]): Own[] {
  const logits = layout.nodes.length - 1;
  const target = (edge: Edge) => ensureDefined(layout.destinations[edge.destination]).node;
  const ordered = [...edges].sort((a, b) => target(a) - target(b));
  const fromInput = new Set([0]);
  // Nodes are in order of computation, so one sweep each way reaches everything.
  for (const edge of ordered) if (fromInput.has(edge.source)) fromInput.add(target(edge));
  const toLogits = new Set([logits]);
  for (const edge of ordered.toReversed()) if (toLogits.has(target(edge))) toLogits.add(edge.source);
  return edges.filter((edge) => fromInput.has(edge.source) && toLogits.has(target(edge)));
}

export function nodesOf(layout: EdgeLayout, edges: readonly Edge[]): number {
  return new Set(edges.flatMap((edge) => [edge.source, layout.destinations[edge.destination]?.node])).size;
}
