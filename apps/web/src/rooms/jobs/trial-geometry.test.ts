import assert from "node:assert/strict";
import { test } from "node:test";
import { trialGeometry } from "./trial-geometry.ts";

const size = { width: 400, height: 300 };

test("a raised token stands above the diagonal, a lowered one below", () => {
  const { points, plot } = trialGeometry(
    [
      { before: 1e-4, after: 1e-2 },
      { before: 1e-2, after: 1e-4 },
      { before: 1e-3, after: 1e-3 },
    ],
    size,
  );
  const above = points.map(({ x, y }) => {
    const right = (x - plot.left) / plot.size;
    const up = 1 - (y - plot.top) / plot.height;
    return Number((up - right).toFixed(6));
  });
  assert.ok((above[0] ?? 0) > 0 && (above[1] ?? 0) < 0);
  assert.equal(above[2], 0);
});

test("zero probability and no trials have finite places", () => {
  const { points } = trialGeometry([{ before: 0, after: 1 }], size);
  assert.ok(points.every(({ x, y }) => Number.isFinite(x) && Number.isFinite(y)));
  assert.equal(trialGeometry([], size).ticks.at(0)?.label, "1");
});
