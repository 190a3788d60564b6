import assert from "node:assert/strict";
import { test } from "node:test";
import { errorScatter } from "./error-scatter.ts";

test("equal errors stand on the diagonal, larger vertical ones above it", () => {
  const { points, plot } = errorScatter([0.1, 1, 0.1], [0.1, 1, 0.5], 300);
  const above = points.map(({ x, y }) => plot.top + plot.size - y - (x - plot.left));
  assert.ok(Math.abs(above[0] ?? 1) < 1e-9 && Math.abs(above[1] ?? 1) < 1e-9);
  assert.ok((above[2] ?? 0) > 10);
});

test("what a logarithm cannot show is counted, not drawn", () => {
  const { points, leftOut } = errorScatter([0, 1, 2, Number.NaN], [1, 1, 0, 1], 300);
  assert.deepEqual([points.length, points[0]?.index, leftOut], [1, 1, 3]);
});

test("nothing to draw has a finite frame", () => {
  assert.ok(errorScatter([], [], 200).ticks.every(({ x, y }) => Number.isFinite(x) && Number.isFinite(y)));
});
