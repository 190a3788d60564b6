import assert from "node:assert/strict";
import { test } from "node:test";
import { edgeDiagram } from "./edge-diagram.ts";

const NODES = [
  { name: "input", kind: "input", layer: null, head: null },
  { name: "a0.h1", kind: "head", layer: 0, head: 1 },
  { name: "a0.h0", kind: "head", layer: 0, head: 0 },
  { name: "m0", kind: "mlp", layer: 0, head: null },
  { name: "a1.h0", kind: "head", layer: 1, head: 0 },
  { name: "logits", kind: "logits", layer: null, head: null },
] as const;

test("layers go upwards, heads by number, unused nodes take no room, widths follow |score|", () => {
  const { nodes, edges, rows, height } = edgeDiagram(
    NODES,
    [
      { source: 0, target: 1, score: -2 },
      { source: 0, target: 2, score: 1 },
      { source: 2, target: 3, score: 0.5 },
      { source: 3, target: 5, score: 1 },
    ],
    400,
  );
  const at = (node: number) => nodes.find((each) => each.node === node);
  assert.equal(nodes.length, 5);
  assert.deepEqual(
    rows.map(({ label }) => label),
    ["logits", "L0 MLP", "L0 attn", "input"],
  );
  assert.ok(
    (at(5)?.y ?? 0) < (at(3)?.y ?? 0) && (at(3)?.y ?? 0) < (at(2)?.y ?? 0) && (at(2)?.y ?? 0) < (at(0)?.y ?? 0),
  );
  assert.ok((at(2)?.x ?? 0) < (at(1)?.x ?? 0));
  assert.equal(edges.at(-1)?.edge, 0);
  assert.equal(edges.at(-1)?.negative, true);
  assert.equal(edges.at(-1)?.width, 5);
  assert.ok(height > (at(0)?.y ?? 0));
  assert.equal(edgeDiagram(NODES, [], 400).height, 0);
});
