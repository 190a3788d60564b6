/** Files and small graphs for the tests of this package. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { type CircuitGraph, type CircuitNode, EMPTY_VIEW, type NodeKind } from "../circuit-graph.ts";

const FIXTURES = fileURLToPath(new URL("../../fixtures", import.meta.url));

export function readFixture(name: "every-dialect.json" | "traps.json"): unknown {
  return JSON.parse(readFileSync(join(FIXTURES, name), "utf8"));
}

/** Real graphs, in the reference folder beside the checkout; not part of the product. */
export const REAL_GRAPHS = fileURLToPath(new URL("../../../../../shared/data/graphs", import.meta.url));

export function realGraphs(): readonly string[] {
  return existsSync(REAL_GRAPHS) ? readdirSync(REAL_GRAPHS).filter((name) => name.endsWith(".json")) : [];
}

export function circuitNode(kind: NodeKind, id: string, members: Partial<CircuitNode> = {}): CircuitNode {
  return {
    id,
    kind,
    layer: kind === "token" ? -1 : 0,
    position: 0,
    dictionary: null,
    unit: null,
    tokenId: null,
    probability: kind === "logit" ? 1 : null,
    label: "",
    activation: null,
    preActivation: null,
    bias: null,
    inputSum: null,
    influence: null,
    ...members,
  };
}

/** @param edges [source, target, weight], by places. */
export function circuitGraph(
  nodes: readonly CircuitNode[],
  edges: readonly (readonly [number, number, number])[],
): CircuitGraph {
  return {
    format: "patchbay-graph",
    version: 1,
    title: "test",
    slug: "test",
    prompt: "a b",
    tokens: [
      { id: 1, text: "a" },
      { id: 2, text: " b" },
    ],
    model: { name: "tiny", hash: "h", layers: 2 },
    dictionaries: [],
    origin: null,
    nodes,
    edges: {
      source: edges.map(([source]) => source),
      target: edges.map(([, target]) => target),
      weight: edges.map(([, , weight]) => weight),
    },
    scores: null,
    view: EMPTY_VIEW,
    foreign: null,
  };
}

/** The same numbers for the same seed (mulberry32). */
export function randomNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** A random acyclic graph: tokens and errors below, features in layers, logits on top; edges go upwards in the list. */
export function randomGraph(seed: number, nodeCount: number, edgeCount: number): CircuitGraph {
  const random = randomNumbers(seed);
  const nodes = Array.from({ length: nodeCount }, (_, place) => {
    const share = place / nodeCount;
    const kind: NodeKind = share < 0.1 ? "token" : share < 0.25 ? "error" : place < nodeCount - 3 ? "feature" : "logit";
    return circuitNode(kind, `n${place}`, kind === "logit" ? { probability: random() } : {});
  });
  const taken = new Set<number>();
  const edges: [number, number, number][] = [];
  const firstReader = Math.ceil(nodeCount * 0.25);
  while (edges.length < edgeCount) {
    const target = firstReader + Math.floor(random() * (nodeCount - firstReader));
    const source = Math.floor(random() * Math.min(target, nodeCount - 3));
    if (taken.has(source * nodeCount + target)) continue;
    taken.add(source * nodeCount + target);
    edges.push([source, target, random() * 2 - 1]);
  }
  return circuitGraph(nodes, edges);
}
