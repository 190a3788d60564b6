import assert from "node:assert/strict";
import { test } from "node:test";
import { histogram } from "./histogram.ts";

const size = { width: 320, height: 100 };

test("every finite value is counted once, the largest included", () => {
  const { bars } = histogram([-1, 0, 0.5, 1, 1, Number.NaN], size, 4);
  assert.equal(
    bars.reduce((sum, bar) => sum + bar.count, 0),
    5,
  );
  assert.deepEqual(
    bars.map((bar) => bar.count),
    [1, 0, 1, 3],
  );
});

test("the fullest step is the highest bar", () => {
  const { bars, baseline } = histogram([0, 1, 1, 1, 2], size, 3);
  assert.equal(bars[1]?.y, 2);
  assert.equal((bars[1]?.y ?? 0) + (bars[1]?.height ?? 0), baseline);
});

test("equal values and no values still give finite bars", () => {
  for (const values of [[3, 3, 3], []]) {
    assert.ok(histogram(values, size).bars.every((bar) => Number.isFinite(bar.x) && Number.isFinite(bar.height)));
  }
});
