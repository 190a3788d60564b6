/**
 * Suggestions for supernodes: features that seem to do the same, and why. Pairs get reasons; groups grow from the
 * strongest pair down, and only so far as every two members have a reason of their own (complete linkage), so that a
 * chain of weak likenesses does not end in one big group.
 */
import type { CircuitGraph, CircuitNode } from "../circuit-graph.ts";
import { indexEdges } from "../edge-index.ts";
import { neighbourLikeness } from "./neighbours.ts";

export const REASON_KINDS = ["same-feature", "same-label", "top-tokens", "decoder", "neighbours"] as const;
export type ReasonKind = (typeof REASON_KINDS)[number];

export interface SuggestionReason {
  readonly kind: ReasonKind;
  /** Smallest value over the pairs of the group that have this reason, in [0, 1]. */
  readonly similarity: number;
  /** Pairs of the group that have it, of `size·(size − 1)/2`. */
  readonly pairs: number;
  /** The label or tokens that are shared, where that is the reason. */
  readonly shared: readonly string[];
}

export interface SupernodeSuggestion {
  /** Places in `nodes`, ascending; at least two. */
  readonly nodes: readonly number[];
  /** A name taken from what is shared; empty where nothing suggests one. */
  readonly label: string;
  /** Most frequent first. */
  readonly reasons: readonly SuggestionReason[];
}

export interface SuggestOptions {
  /** Places of the nodes to look at; default all features, the most influential first. */
  readonly candidates?: Iterable<number>;
  /** Tokens that a node reads or writes most. */
  readonly topTokens?: (node: number) => readonly string[] | undefined;
  /** Cosine of two nodes' decoder rows. */
  readonly similarity?: (a: number, b: number) => number | undefined;
  /** From which value on a likeness is a reason. */
  readonly thresholds?: Partial<Readonly<Record<"top-tokens" | "decoder" | "neighbours", number>>>;
  /** Largest number of candidates: the work grows with its square. */
  readonly limit?: number;
}

/** Share of tokens (of the smaller list) · cosine of decoder rows · mean cosine of edge rows, in and out. */
const THRESHOLDS = { "top-tokens": 0.5, decoder: 0.7, neighbours: 0.85 } as const;
const LIMIT = 400;

interface PairReason {
  readonly kind: ReasonKind;
  readonly similarity: number;
  readonly shared: readonly string[];
}

/** The same graph and functions give the same suggestions. Largest group first. */
export function suggestSupernodes(graph: CircuitGraph, options: SuggestOptions = {}): SupernodeSuggestion[] {
  const candidates = chooseCandidates(graph, options);
  const reasonsOf = pairReasons(graph, candidates, options);
  const pairs: { a: number; b: number; strength: number }[] = [];
  const known = new Map<number, readonly PairReason[]>();
  for (let a = 0; a < candidates.length; a += 1) {
    for (let b = a + 1; b < candidates.length; b += 1) {
      const reasons = reasonsOf(a, b);
      if (reasons.length === 0) continue;
      known.set(a * candidates.length + b, reasons);
      pairs.push({ a, b, strength: reasons.reduce((sum, { similarity }) => sum + similarity, 0) });
    }
  }
  pairs.sort((x, y) => y.strength - x.strength || x.a - y.a || x.b - y.b);
  const between = (a: number, b: number) => known.get(Math.min(a, b) * candidates.length + Math.max(a, b));
  const groups = linkCompletely(candidates.length, pairs, (a, b) => between(a, b) !== undefined);
  return groups
    .map((group) => describeGroup(graph, candidates, group, between))
    .sort((a, b) => b.nodes.length - a.nodes.length || (a.nodes[0] ?? 0) - (b.nodes[0] ?? 0));
}

function chooseCandidates({ nodes }: CircuitGraph, { candidates, limit = LIMIT }: SuggestOptions): number[] {
  const places = candidates === undefined ? nodes.keys() : candidates;
  const importance = (place: number): number => nodes[place]?.influence ?? 1;
  return [...new Set(places)]
    .filter((place) => nodes[place]?.kind === "feature")
    .sort((a, b) => importance(a) - importance(b) || a - b)
    .slice(0, limit)
    .sort((a, b) => a - b);
}

function pairReasons(graph: CircuitGraph, candidates: readonly number[], options: SuggestOptions) {
  const { nodes, view } = graph;
  const limits = { ...THRESHOLDS, ...options.thresholds };
  const likeness = neighbourLikeness(indexEdges(graph), candidates);
  const labels = candidates.map((place) => {
    const id = nodes[place]?.id ?? "";
    return (Object.hasOwn(view.labels, id) ? (view.labels[id] ?? "") : (nodes[place]?.label ?? "")).trim();
  });
  const tokens = candidates.map((place) => new Set((options.topTokens?.(place) ?? []).map(plainToken)));

  return (a: number, b: number): PairReason[] => {
    const [first, second] = [candidates[a] ?? 0, candidates[b] ?? 0];
    const reasons: PairReason[] = [];
    const add = (kind: ReasonKind, similarity: number, shared: readonly string[] = []) =>
      reasons.push({ kind, similarity: Math.min(1, similarity), shared });
    if (isSameFeature(nodes[first], nodes[second])) add("same-feature", 1);
    const label = labels[a] ?? "";
    if (label !== "" && label.toLowerCase() === labels[b]?.toLowerCase()) add("same-label", 1, [label]);
    const shared = [...(tokens[a] ?? [])].filter((token) => tokens[b]?.has(token));
    const overlap = shared.length / Math.max(1, Math.min(tokens[a]?.size ?? 0, tokens[b]?.size ?? 0));
    if (shared.length > 0 && overlap >= limits["top-tokens"]) add("top-tokens", overlap, shared);
    const decoder = options.similarity?.(first, second);
    if (decoder !== undefined && decoder >= limits.decoder) add("decoder", decoder);
    const neighbours = likeness(a, b);
    if (neighbours >= limits.neighbours) add("neighbours", neighbours);
    return reasons;
  };
}

/** The same unit at another position. */
function isSameFeature(a: CircuitNode | undefined, b: CircuitNode | undefined): boolean {
  if (a === undefined || b === undefined || a.unit === null) return false;
  return a.unit === b.unit && a.layer === b.layer && a.dictionary === b.dictionary;
}

/** Tokens that differ in case and spaces alone stand for the same word. */
const plainToken = (token: string): string => token.trim().toLowerCase() || token;

function linkCompletely(
  count: number,
  pairs: readonly { readonly a: number; readonly b: number }[],
  isLinked: (a: number, b: number) => boolean,
): number[][] {
  const groups: number[][] = Array.from({ length: count }, (_, member) => [member]);
  for (const { a, b } of pairs) {
    const [first, second] = [groups[a], groups[b]];
    if (first === undefined || second === undefined || first === second) continue;
    if (!first.every((x) => second.every((y) => isLinked(x, y)))) continue;
    const joined = [...first, ...second].sort((x, y) => x - y);
    for (const member of joined) groups[member] = joined;
  }
  return groups.filter((group, member) => group.length > 1 && group[0] === member);
}

function describeGroup(
  graph: CircuitGraph,
  candidates: readonly number[],
  group: readonly number[],
  between: (a: number, b: number) => readonly PairReason[] | undefined,
): SupernodeSuggestion {
  const found = new Map<ReasonKind, { similarity: number; pairs: number; shared: Map<string, number> }>();
  group.forEach((a, place) => {
    for (const b of group.slice(place + 1)) {
      for (const { kind, similarity, shared } of between(a, b) ?? []) {
        const entry = found.get(kind) ?? { similarity: 1, pairs: 0, shared: new Map() };
        found.set(kind, entry);
        entry.similarity = Math.min(entry.similarity, similarity);
        entry.pairs += 1;
        for (const word of shared) entry.shared.set(word, (entry.shared.get(word) ?? 0) + 1);
      }
    }
  });
  const reasons = REASON_KINDS.flatMap((kind): SuggestionReason[] => {
    const entry = found.get(kind);
    if (entry === undefined) return [];
    const shared = [...entry.shared].sort((a, b) => b[1] - a[1] || (a[0] < b[0] ? -1 : 1)).map(([word]) => word);
    return [{ kind, similarity: entry.similarity, pairs: entry.pairs, shared }];
  }).sort((a, b) => b.pairs - a.pairs);
  const nodes = group.map((member) => candidates[member] ?? 0);
  const named = reasons.find(({ kind }) => kind === "same-label") ?? reasons.find(({ shared }) => shared.length > 0);
  const own = nodes.map((node) => graph.nodes[node]?.label ?? "").find((label) => label !== "");
  return { nodes, label: named?.shared.slice(0, 3).join(", ") ?? own ?? "", reasons };
}
