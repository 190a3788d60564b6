import assert from "node:assert/strict";
import { test } from "node:test";
import { type CircuitGraph, type CircuitNode, EMPTY_VIEW } from "@patchbay/circuit-graph";
import { CircuitEngine } from "./circuit-engine.ts";

const node = (id: string, facts: Partial<CircuitNode>): CircuitNode => ({
  id,
  kind: "feature",
  layer: 0,
  position: 0,
  dictionary: "d",
  unit: 1,
  tokenId: null,
  probability: null,
  label: "",
  activation: 1,
  preActivation: null,
  bias: null,
  inputSum: null,
  influence: null,
  ...facts,
});

/** token → feature a (with error beside) → feature b → logit; feature c reaches the logit faintly. */
function graph(change: Partial<CircuitGraph> = {}): CircuitGraph {
  return {
    format: "patchbay-graph",
    version: 1,
    title: "",
    slug: "s",
    prompt: "x y",
    tokens: [
      { id: 1, text: "x" },
      { id: 2, text: " y" },
    ],
    model: { name: "m", hash: null, layers: 2 },
    dictionaries: [],
    origin: null,
    nodes: [
      node("t", { kind: "token", layer: -1 }),
      node("a", { bias: 1 }),
      node("e", { kind: "error" }),
      node("b", { layer: 1, position: 1, bias: 0 }),
      node("c", { layer: 1, position: 1, unit: 2 }),
      node("y", { kind: "logit", layer: 2, position: 1, probability: 1, label: " L" }),
    ],
    edges: {
      source: [0, 1, 2, 3, 4, 0],
      target: [1, 3, 3, 5, 5, 4],
      weight: [4, 3, -1, 9.9, 0.1, 1],
      factor: [null, 3, null, 1, 2, null],
    },
    scores: null,
    view: EMPTY_VIEW,
    foreign: null,
    ...change,
  };
}

const NOTHING = { pins: [], supernodes: [] };

test("sliders leave nodes and edges out, pins keep theirs, errors stay in the sum", () => {
  const engine = new CircuitEngine(graph());
  const all = engine.draw({
    thresholds: { node: null, edge: null },
    annotations: NOTHING,
    weights: "prompt",
    aspect: 0.5,
  });
  assert.deepEqual([all.nodes.length, all.edges.length, all.facts.largest], [6, 6, 9.9]);
  // I(b) = 0.99, I(a) = 0.7425, I(e) = 0.2475, I(t) = 0.7425 + 0.01, I(c) = 0.01
  const { ends, errorShares, biasShare } = all.facts;
  assert.ok(Math.abs((ends?.errors ?? 0) - 0.2475) < 1e-12 && ends?.leftOut === 0);
  assert.ok(Math.abs((errorShares[0] ?? 0) - 0.25) < 1e-12);
  assert.equal(errorShares[1], 0);
  // a: 1/(1 + 4) at influence 0.7425; b: 0 at 0.99.
  assert.ok(Math.abs((biasShare ?? 0) - (0.7425 * 0.2) / (0.7425 + 0.99)) < 1e-12);
  assert.ok(Math.abs((all.facts.scores?.replacement ?? 0) - 0.7525) < 1e-12);

  const few = engine.draw({
    thresholds: { node: 0.95, edge: 1 },
    annotations: NOTHING,
    weights: "prompt",
    aspect: 0.5,
  });
  assert.deepEqual([...few.nodes], [0, 1, 2, 3, 5]);
  assert.deepEqual(few.facts.ends, all.facts.ends, "the share of errors is of the whole graph");
  assert.ok((few.facts.scores?.replacement ?? 1) < 0.7525, "what is not shown counts as error");
  const pinned = engine.draw({
    thresholds: { node: 0.95, edge: 1 },
    annotations: { ...NOTHING, pins: ["c", "gone"] },
    weights: "prompt",
    aspect: 0.5,
  });
  assert.ok(pinned.nodes.includes(4));
});

test("any prompt: edges are factors, and those without one are counted", () => {
  const { edges, scene, facts } = new CircuitEngine(graph()).draw({
    thresholds: { node: null, edge: null },
    annotations: NOTHING,
    weights: "any",
    aspect: 0.5,
  });
  assert.deepEqual([...edges], [1, 3, 4]);
  assert.deepEqual([...scene.weight], [3, 1, 2]);
  assert.deepEqual([facts.withoutFactor, facts.largest], [3, 3]);
});

test("a subgraph has its own edges and scores, and supernodes their sums", () => {
  const supernodes = [{ id: "s", label: "both", nodes: ["b", "c"] }];
  const { nodes, edges, scores, influence } = new CircuitEngine(graph()).subgraph({
    pins: ["a", "y"],
    supernodes,
  });
  assert.deepEqual(
    nodes.map(({ id }) => id),
    ["a", "s", "y"],
  );
  assert.deepEqual(
    edges.map(({ source, target, weight, count }) => [source, target, weight, count]),
    [
      [0, 1, 3, 1],
      [1, 2, 10, 2],
    ],
  );
  assert.ok(Math.abs((scores?.replacement ?? 0) - 0.7525) < 1e-12);
  assert.ok(Math.abs((influence ?? 0) - (0.7425 + 1) / (0.7425 + 0.2475 + 1)) < 1e-12);
});

test("empty graphs, all-error graphs, a single node and cycles can be drawn", () => {
  const draw = (change: Partial<CircuitGraph>) =>
    new CircuitEngine(graph(change)).draw({
      thresholds: { node: 0.8, edge: 0.98 },
      annotations: NOTHING,
      weights: "prompt",
      aspect: 0.5,
    });
  const none = { source: [], target: [], weight: [] };
  assert.equal(draw({ nodes: [], edges: none }).nodes.length, 0);
  assert.equal(draw({ nodes: [node("t", { kind: "token", layer: -1 })], edges: none }).nodes.length, 1);
  const errors = draw({
    nodes: [node("e", { kind: "error" }), node("y", { kind: "logit", layer: 2, position: 1, probability: 1 })],
    edges: { source: [0], target: [1], weight: [2] },
  });
  assert.equal(errors.facts.ends?.errors, 1);
  const cycle = draw({ edges: { source: [1, 3], target: [3, 1], weight: [1, 1] } });
  assert.equal(cycle.facts.scores, null);
  assert.match(cycle.facts.problem ?? "", /cycle/);
  assert.equal(cycle.nodes.length, 6);
});
