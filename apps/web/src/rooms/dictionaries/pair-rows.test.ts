import assert from "node:assert/strict";
import { test } from "node:test";
import type { Comparison } from "@patchbay/contract";
import { pairRows, unmatchedRows } from "./pair-rows.ts";

const comparison: Comparison = {
  left: "a",
  right: "b",
  vectors: "both",
  matching: "one-to-one",
  threshold: 0.7,
  pairs: { left: [0, 1, 2], right: [5, -1, 3], similarity: [0.9, -0.1, 0.7] },
  shared: 2 / 3,
  alive: { left: 3, right: 3 },
  curve: { thresholds: [], shared: [] },
  histogram: { edges: [], counts: [] },
  random: 0,
  unmatched: [{ feature: 1, similarity: -0.1 }],
};

test("rows sort by similarity, and the threshold itself is shared", () => {
  const rows = pairRows(comparison, 0.7, { key: "similarity", order: "descending" });
  assert.deepEqual(
    rows.map(({ left, right, shared }) => [left, right, shared]),
    [
      [0, 5, true],
      [2, 3, true],
      [1, undefined, false],
    ],
  );
});

test("a feature without a partner is never shared, and sorts last by partner", () => {
  const rows = pairRows(comparison, -1, { key: "right", order: "ascending" });
  assert.deepEqual([rows.at(-1)?.left, rows.at(-1)?.shared], [1, false]);
});

test("the unmatched keep their order", () => {
  assert.deepEqual(unmatchedRows(comparison), [{ left: 1, right: undefined, similarity: -0.1, shared: false }]);
});
