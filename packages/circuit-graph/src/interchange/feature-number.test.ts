import assert from "node:assert/strict";
import { test } from "node:test";
import { cantorNumber, fromCantorNumber } from "./feature-number.ts";

test("the Cantor pairing is exact both ways, up to the largest safe number", () => {
  assert.equal(cantorNumber(0, 19204), 184425614);
  for (const layer of [0, 1, 25, 127])
    for (const unit of [0, 1, 16383, 98303, 2 ** 20, 2 ** 26 - 129])
      assert.deepEqual(fromCantorNumber(cantorNumber(layer, unit)), { layer, unit });
  // Around the triangular numbers, where a rounded square root is wrong by one.
  const w = 134217726;
  const triangle = (w / 2) * (w + 1);
  assert.deepEqual(fromCantorNumber(triangle), { layer: w, unit: 0 });
  assert.deepEqual(fromCantorNumber(triangle - 1), { layer: 0, unit: w - 1 });
  assert.equal(fromCantorNumber(-1), null);
  assert.equal(fromCantorNumber(0.5), null);
  assert.equal(fromCantorNumber(2 ** 53), null);
});
