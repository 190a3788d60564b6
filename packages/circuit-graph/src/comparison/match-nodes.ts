/** Two graphs side by side: which node of one is which of the other, and how much of each that covers. */
import type { CircuitGraph, CircuitNode } from "../circuit-graph.ts";
import { indexEdges, sourcesFirst } from "../edge-index.ts";
import { influenceOf } from "../scores/influence.ts";
import { indexForScores } from "../scores/scoring-index.ts";
import { alignTokens } from "./align-tokens.ts";

export interface NodeMatch {
  /** Places in the nodes of each graph. */
  readonly a: number;
  readonly b: number;
  /** "aligned": at positions that answer to each other. "moved": the same feature, elsewhere in the prompt. */
  readonly how: "aligned" | "moved";
}

export interface GraphMatch {
  /** One to one, in the order of a's nodes. */
  readonly matches: readonly NodeMatch[];
  /** Position of a → position of b, or −1. */
  readonly positions: Int32Array;
  /** Share of each graph's influence, errors included, that its matched nodes carry; null where there is none, or a cycle. */
  readonly sharedInfluence: { readonly a: number | null; readonly b: number | null };
}

export interface MatchOptions {
  /** Position of a → position of b, or −1; default by least edits of the tokens. */
  readonly positions?: ArrayLike<number>;
}

/**
 * Features match by dictionary, layer and unit at aligned positions, else by the same elsewhere (nearest to the aligned
 * position); errors by layer and aligned position; tokens by aligned position and text; logits by their token.
 */
export function matchNodes(a: CircuitGraph, b: CircuitGraph, options: MatchOptions = {}): GraphMatch {
  const given = options.positions;
  const texts = ({ tokens }: CircuitGraph) => tokens.map(({ text }) => text);
  const positions = given === undefined ? alignTokens(texts(a), texts(b)) : Int32Array.from(given);
  const matches: NodeMatch[] = [];
  const matchedA = new Uint8Array(a.nodes.length);
  const matchedB = new Uint8Array(b.nodes.length);
  const match = (from: number, to: number, how: NodeMatch["how"]) => {
    matches.push({ a: from, b: to, how });
    matchedA[from] = 1;
    matchedB[to] = 1;
  };

  const exact = placesBy(b.nodes, (node) => keyAt(node, node.position, b));
  a.nodes.forEach((node, place) => {
    const key = keyAt(node, positions[node.position] ?? -1, a);
    const found = key === null ? undefined : exact.get(key)?.find((candidate) => matchedB[candidate] === 0);
    if (found !== undefined) match(place, found, "aligned");
  });
  const anywhere = placesBy(b.nodes, featureKey);
  a.nodes.forEach((node, place) => {
    const key = featureKey(node);
    if (key === null || matchedA[place] === 1) return;
    const wanted = positions[node.position] ?? -1;
    const distance = (candidate: number) =>
      Math.abs((b.nodes[candidate]?.position ?? 0) - (wanted < 0 ? node.position : wanted));
    const [nearest] = (anywhere.get(key) ?? [])
      .filter((candidate) => matchedB[candidate] === 0)
      .sort((x, y) => distance(x) - distance(y) || x - y);
    if (nearest !== undefined) match(place, nearest, "moved");
  });
  matches.sort((x, y) => x.a - y.a);
  return {
    matches,
    positions,
    sharedInfluence: { a: sharedInfluence(a, matchedA), b: sharedInfluence(b, matchedB) },
  };
}

/** What two nodes must have in common to be the same. @param position in b's counting; −1 = answers to none. */
function keyAt(node: CircuitNode, position: number, graph: CircuitGraph): string | null {
  const { kind, layer } = node;
  if (kind === "logit") return JSON.stringify([kind, node.label !== "" ? node.label : node.tokenId]);
  if (position < 0) return null;
  if (kind === "token") return JSON.stringify([kind, position, graph.tokens[node.position]?.text ?? node.tokenId]);
  if (kind === "feature") {
    const key = featureKey(node);
    return key === null ? null : JSON.stringify([key, position]);
  }
  return JSON.stringify([kind, layer, position, node.dictionary]);
}

function featureKey({ kind, dictionary, layer, unit }: CircuitNode): string | null {
  return kind === "feature" && unit !== null ? JSON.stringify([dictionary, layer, unit]) : null;
}

function placesBy(nodes: readonly CircuitNode[], keyOf: (node: CircuitNode) => string | null): Map<string, number[]> {
  const places = new Map<string, number[]>();
  nodes.forEach((node, place) => {
    const key = keyOf(node);
    if (key === null) return;
    const list = places.get(key);
    if (list === undefined) places.set(key, [place]);
    else list.push(place);
  });
  return places;
}

function sharedInfluence(graph: CircuitGraph, matched: Uint8Array): number | null {
  if (sourcesFirst(indexEdges(graph)).blocked.length > 0) return null;
  const influence = influenceOf(indexForScores(graph));
  let [shared, total] = [0, 0];
  influence.forEach((value, node) => {
    total += value;
    if (matched[node] === 1) shared += value;
  });
  return total === 0 ? null : shared / total;
}
