import assert from "node:assert/strict";
import { test } from "node:test";
import { binnedHistogram } from "./binned-histogram.ts";

const size = { width: 200, height: 80 };

test("bars stand side by side over their edges, the fullest is the highest", () => {
  const { bars, baseline, total, placeOf } = binnedHistogram({ edges: [-4, -3, -1], counts: [2, 6] }, size);
  assert.equal(total, 8);
  assert.equal(bars[1]?.x, placeOf(-3));
  assert.equal(placeOf(-1), 200);
  assert.ok((bars[1]?.height ?? 0) > (bars[0]?.height ?? 0));
  assert.equal((bars[0]?.y ?? 0) + (bars[0]?.height ?? 0), baseline);
});

test("root heights lift the small counts and keep the order", () => {
  const bins = { edges: [0, 1, 2], counts: [1, 100] };
  const ratio = (heights: "linear" | "root") => {
    const [small, large] = binnedHistogram(bins, size, { heights }).bars;
    return (small?.height ?? 0) / (large?.height ?? 1);
  };
  assert.ok(Math.abs(ratio("linear") - 0.01) < 1e-9);
  assert.ok(Math.abs(ratio("root") - 0.1) < 1e-9);
});

test("nothing counted, no bins, and one edge are finite", () => {
  for (const bins of [
    { edges: [], counts: [] },
    { edges: [0, 1], counts: [0] },
    { edges: [2, 2], counts: [5] },
  ]) {
    const { bars, ticks } = binnedHistogram(bins, size);
    assert.ok(bars.every((bar) => Number.isFinite(bar.x) && Number.isFinite(bar.height)));
    assert.ok(ticks.every(({ position }) => Number.isFinite(position)));
  }
});
