import assert from "node:assert/strict";
import { test } from "node:test";
import { connectionsOf } from "./connections.ts";
import { indexEdges } from "./edge-index.ts";
import { circuitGraph, circuitNode } from "./testing/fixtures.ts";

test("inputs, bias and rest share the whole; outputs are shares of their readers", () => {
  const graph = circuitGraph(
    [
      circuitNode("token", "t"),
      circuitNode("error", "e"),
      circuitNode("feature", "f", { bias: -1, inputSum: 6 }),
      circuitNode("logit", "l"),
    ],
    [
      [0, 2, 1],
      [1, 2, -3],
      [2, 3, 2],
      [0, 3, -6],
    ],
  );
  const index = indexEdges(graph);
  const feature = connectionsOf(graph.nodes, index, 2);
  assert.equal(feature.total, 7);
  assert.deepEqual(feature.inputs, [
    { node: 1, edge: 1, weight: -3, share: 3 / 7 },
    { node: 0, edge: 0, weight: 1, share: 1 / 7 },
  ]);
  assert.deepEqual(feature.bias, { value: -1, share: 1 / 7 });
  assert.deepEqual(feature.rest, { size: 2, share: 2 / 7 });
  assert.equal(feature.errorShare, 3 / 7);
  assert.deepEqual(feature.outputs, [{ node: 3, edge: 2, weight: 2, share: 0.25 }]);
  const token = connectionsOf(graph.nodes, index, 0);
  assert.deepEqual(
    token.outputs.map(({ node, share }) => [node, share]),
    [
      [3, 0.75],
      [2, 1 / 7],
    ],
  );
  assert.deepEqual([token.total, token.inputs, token.bias], [0, [], null]);
});
