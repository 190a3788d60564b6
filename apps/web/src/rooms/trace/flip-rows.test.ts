import assert from "node:assert/strict";
import { test } from "node:test";
import { flipRows } from "./flip-rows.ts";

test("the last row comes first, and twice is nothing", () => {
  const values = new Float32Array([1, 2, 3, 4, 5, 6]);
  assert.deepEqual([...flipRows(values, 3, 2)], [5, 6, 3, 4, 1, 2]);
  assert.deepEqual(flipRows(flipRows(values, 3, 2), 3, 2), values);
});
