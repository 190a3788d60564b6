import assert from "node:assert/strict";
import { test } from "node:test";
import { type CircuitGraph, type CircuitNode, indexEdges } from "@patchbay/circuit-graph";
import { edgeRows, nodeRows, sortEdges, sortNodes } from "./node-rows.ts";

const node = (id: string, facts: Partial<CircuitNode>) =>
  ({
    id,
    kind: "feature",
    layer: 0,
    position: 0,
    bias: null,
    inputSum: null,
    influence: null,
    activation: null,
    ...facts,
  }) as CircuitNode;
const graph = {
  nodes: [
    node("a", { influence: 0.3 }),
    node("b", { influence: 0.9, layer: 1 }),
    node("c", { layer: 2, bias: -2, inputSum: 10 }),
  ],
  edges: { source: [0, 0, 1], target: [1, 2, 2], weight: [1, -4, 2], factor: [0.5, null, 3] },
} as unknown as CircuitGraph;
const index = indexEdges(graph);

test("a node's row counts its edges, and rows without a value stand last both ways", () => {
  const rows = nodeRows(graph, index, [0, 1, 2]);
  assert.deepEqual(
    rows.map(({ inputs, outputs, out }) => [inputs, outputs, out]),
    [
      [0, 2, 5],
      [1, 1, 2],
      [2, 0, 0],
    ],
  );
  const ids = (order: "ascending" | "descending") =>
    sortNodes(rows, { key: "influence", order }).map(({ node: { id } }) => id);
  assert.deepEqual(
    [ids("ascending"), ids("descending")],
    [
      ["a", "b", "c"],
      ["b", "a", "c"],
    ],
  );
});

test("an edge's share is of all that enters its reader, bias and left-out inputs included", () => {
  const rows = edgeRows(graph, index, [0, 1, 2]);
  assert.deepEqual(
    rows.map(({ share }) => share),
    [1, 4 / 12, 2 / 12],
  );
  assert.deepEqual(
    sortEdges(rows, { key: "weight", order: "ascending" }).map(({ edge }) => edge),
    [1, 0, 2],
  );
  assert.deepEqual(
    sortEdges(rows, { key: "size", order: "descending" }).map(({ edge }) => edge),
    [1, 2, 0],
  );
  assert.deepEqual(
    sortEdges(rows, { key: "factor", order: "descending" }).map(({ edge }) => edge),
    [2, 0, 1],
  );
});
