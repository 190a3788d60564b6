import assert from "node:assert/strict";
import { test } from "node:test";
import { readNodes, writeNode } from "./circuit-text.ts";

test("every kind of part is read, and written as it is read", () => {
  const text = "L5H1 L4H4@-1,3 L3.mlp L2N45 mlp-2[1027]@-1 T4 T-1";
  const { nodes, unread } = readNodes(text);
  assert.deepEqual(unread, []);
  assert.deepEqual(nodes[1], { kind: "head", layer: 4, head: 4, positions: [-1, 3] });
  assert.deepEqual(nodes[4], { kind: "feature", dictionary: "mlp-2", feature: 1027, positions: [-1] });
  assert.equal(nodes.map(writeNode).join(" "), text);
});

test("commas between parts, other spellings, and the same part twice", () => {
  const { nodes } = readNodes("L5H1, l5.h1; M3\nL3.mlp");
  assert.deepEqual(nodes.map(writeNode), ["L5H1", "L3.mlp"]);
});

test("what names nothing is said", () => {
  assert.deepEqual(readNodes("L5 H1 L5H1@ L5H1@x 7").unread, ["L5", "H1", "L5H1@", "L5H1@x", "7"]);
});
