import assert from "node:assert/strict";
import { test } from "node:test";
import { EMPTY_VIEW } from "../circuit-graph.ts";
import { indexEdges } from "../edge-index.ts";
import { circuitGraph, circuitNode } from "../testing/fixtures.ts";
import { groupNodes, labelNode, placeNode, renameSupernode, ungroupNodes } from "../view-edits.ts";
import { collapseSupernodes } from "./collapse.ts";
import { suggestSupernodes } from "./suggest.ts";

test("a node is in one supernode; empty ones go, and their places with them", () => {
  let view = groupNodes(EMPTY_VIEW, ["a", "b", "a"], "first");
  assert.deepEqual(view.supernodes, [{ id: "supernode-1", label: "first", nodes: ["a", "b"] }]);
  view = groupNodes(placeNode(view, "supernode-1", { x: 1, y: 1 }), ["b", "c"], "second");
  assert.deepEqual(
    view.supernodes.map(({ nodes }) => nodes),
    [["a"], ["b", "c"]],
  );
  const before = view;
  view = groupNodes(view, ["a"], "third");
  assert.deepEqual(
    view.supernodes.map(({ id }) => id),
    ["supernode-2", "supernode-3"],
  );
  assert.deepEqual(view.positions, {});
  assert.deepEqual(before.positions, { "supernode-1": { x: 1, y: 1 } });
  view = renameSupernode(view, "supernode-3", "new");
  assert.deepEqual(
    view.supernodes.map(({ label }) => label),
    ["second", "new"],
  );
  assert.deepEqual(ungroupNodes(view, "supernode-2").supernodes.length, 1);
  assert.throws(() => ungroupNodes(view, "gone"), { code: "not-found" });
  assert.throws(() => groupNodes(view, [], "x"), { code: "empty-input" });
  assert.deepEqual(labelNode(labelNode(view, "a", "x"), "a", "").labels, {});
});

test("edges between supernodes are sums, with sign and with size", () => {
  const graph = circuitGraph(
    ["a", "b", "c", "d", "e"].map((id) => circuitNode("feature", id)),
    [
      [0, 2, 1],
      [1, 2, -3],
      [0, 3, 0.5],
      [0, 1, 9],
      [4, 2, 2],
    ],
  );
  const view = groupNodes(groupNodes(EMPTY_VIEW, ["a", "b"], "low"), ["c", "d"], "high");
  const collapsed = collapseSupernodes(graph, view, indexEdges(graph));
  assert.deepEqual(
    collapsed.nodes.map(({ id, members }) => [id, members]),
    [
      ["supernode-1", [0, 1]],
      ["supernode-2", [2, 3]],
      ["e", [4]],
    ],
  );
  assert.deepEqual(collapsed.edges, [
    { source: 0, target: 1, weight: -1.5, size: 4.5, count: 3 },
    { source: 2, target: 1, weight: 2, size: 2, count: 1 },
  ]);
  const part = collapseSupernodes(graph, view, indexEdges(graph), { nodes: Uint8Array.of(1, 1, 1, 1, 0) });
  assert.deepEqual([part.edges.length, part.placeOf[4]], [1, -1]);
  // One source into two targets makes two edges.
  const fork = circuitGraph(graph.nodes, [
    [4, 2, 1],
    [4, 0, 1],
  ]);
  assert.equal(collapseSupernodes(fork, view, indexEdges(fork)).edges.length, 2);
});

/** Eight features between two tokens and a logit; which share what is said by the options. */
function features(edges: readonly [number, number, number][], labels: readonly string[] = []) {
  const nodes = Array.from({ length: 8 }, (_, place) =>
    circuitNode("feature", `f${place}`, { unit: place, label: labels[place] ?? "" }),
  );
  return circuitGraph(
    [...nodes, circuitNode("token", "s"), circuitNode("token", "t"), circuitNode("logit", "l")],
    edges,
  );
}

test("suggestions say why: label, tokens, decoder, neighbours, the same feature", () => {
  const labelled = suggestSupernodes(features([], ["Names", "", "names "]));
  assert.deepEqual(labelled, [
    { nodes: [0, 2], label: "Names", reasons: [{ kind: "same-label", similarity: 1, pairs: 1, shared: ["Names"] }] },
  ]);
  const tokens: readonly (readonly string[])[] = [
    [" he", " him", "x"],
    ["He", "him ", "y", "z"],
    ["x", "q", "r"],
  ];
  const [shared, ...none] = suggestSupernodes(features([]), { topTokens: (node) => tokens[node] });
  assert.deepEqual([shared?.nodes, shared?.label, none], [[0, 1], "he, him", []]);
  const decoder = suggestSupernodes(features([]), { similarity: (a, b) => (a + b === 7 ? 0.9 : 0.1) });
  assert.deepEqual(
    decoder.map(({ nodes }) => nodes),
    [
      [0, 7],
      [1, 6],
      [2, 5],
      [3, 4],
    ],
  );
  assert.equal(decoder[0]?.reasons[0]?.kind, "decoder");
  const alike = features([
    [8, 0, 1],
    [9, 0, 2],
    [0, 10, 1],
    [8, 1, 2],
    [9, 1, 4],
    [1, 10, 5],
    // The same inputs with another sign are another thing.
    [8, 2, 1],
    [9, 2, -2],
    [2, 10, 1],
  ]);
  const neighbours = suggestSupernodes(alike);
  assert.deepEqual(
    neighbours.map(({ nodes }) => nodes),
    [[0, 1]],
  );
  assert.deepEqual(
    neighbours[0]?.reasons.map(({ kind }) => kind),
    ["neighbours"],
  );
  // Of these no two are alike: 0 and 2 read the same, but only 0 is read.
  const apart = features([
    [8, 0, 1],
    [0, 10, 1],
    [9, 1, 1],
    [8, 2, 1],
  ]);
  assert.deepEqual(suggestSupernodes(apart), []);
  const repeated = features([]);
  const twice = { ...repeated, nodes: [...repeated.nodes, circuitNode("feature", "again", { unit: 3, position: 1 })] };
  assert.deepEqual(
    suggestSupernodes(twice).map(({ nodes, reasons }) => [nodes, reasons[0]?.kind]),
    [[[3, 11], "same-feature"]],
  );
});

test("likeness does not chain: every two members have a reason", () => {
  const chain = suggestSupernodes(features([]), {
    similarity: (a, b) => (Math.abs(a - b) === 1 ? 0.99 - 0.01 * Math.min(a, b) : 0),
  });
  assert.deepEqual(
    chain.map(({ nodes }) => nodes),
    [
      [0, 1],
      [2, 3],
      [4, 5],
      [6, 7],
    ],
  );
});

test("only the candidates are looked at, the most influential first", () => {
  const graph = features([]);
  const nodes = graph.nodes.map((node, place) => ({ ...node, influence: place < 8 ? 1 - place / 10 : null }));
  const options = { similarity: () => 1 };
  assert.deepEqual(suggestSupernodes({ ...graph, nodes }, { ...options, limit: 2 })[0]?.nodes, [6, 7]);
  assert.deepEqual(suggestSupernodes(graph, { ...options, candidates: [5, 1, 8, 5] })[0]?.nodes, [1, 5]);
});
