import assert from "node:assert/strict";
import { test } from "node:test";
import { compareNumbers } from "./compare-numbers.ts";

test("the same is the same, and every number is counted", () => {
  assert.deepEqual(
    compareNumbers({ a: [1, 2], b: { c: 3, d: "x", e: null } }, { a: [1, 2], b: { c: 3, d: "x", e: null } }),
    { count: 3, largest: 0 },
  );
});

test("the largest difference is found, wherever it is", () => {
  assert.equal(compareNumbers({ a: [1, { b: 2 }] }, { a: [1.5, { b: -1 }] }).largest, 3);
});

test("what is missing on one side, or another text, is no small difference", () => {
  assert.equal(compareNumbers({ a: 1 }, {}).largest, Number.POSITIVE_INFINITY);
  assert.equal(compareNumbers([1, 2], [1]).largest, Number.POSITIVE_INFINITY);
  assert.equal(compareNumbers({ a: "x" }, { a: "y" }).largest, Number.POSITIVE_INFINITY);
  assert.equal(compareNumbers(null, 1).largest, Number.POSITIVE_INFINITY);
});
