import assert from "node:assert/strict";
import { test } from "node:test";
import { firstPlaces } from "./first-places.ts";

test("the first places are those of a whole sort, equal keys in order", () => {
  const keys = Float64Array.from({ length: 500 }, (_, i) => (i * 7919) % 13);
  const whole = Array.from(keys.keys()).sort((a, b) => (keys[a] ?? 0) - (keys[b] ?? 0) || a - b);
  for (const count of [0, 1, 38, 39, 40, 499, 500, 501]) {
    assert.deepEqual(Array.from(firstPlaces(keys, count)), whole.slice(0, count));
  }
  assert.deepEqual(Array.from(firstPlaces(Float64Array.of(-0, 0, -1), 3)), [2, 0, 1]);
});
