import assert from "node:assert/strict";
import { test } from "node:test";
import { normalised } from "./normalised.ts";

test("0 is everything ablated and 1 the model, whichever is larger", () => {
  assert.deepEqual(normalised({ mean: 6, low: 2, high: 10 }, 10, 2), { mean: 0.5, low: 0, high: 1 });
  assert.deepEqual(normalised({ mean: -1, low: -3, high: 0 }, -3, 1), { mean: 0.5, low: 0.25, high: 1 });
});

test("without an effect there is nothing to share", () => {
  assert.equal(normalised({ mean: 1, low: 1, high: 1 }, 2, 2), undefined);
  assert.equal(normalised(null, 2, 1), undefined);
});
