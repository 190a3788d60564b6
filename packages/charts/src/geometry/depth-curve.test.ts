import assert from "node:assert/strict";
import { test } from "node:test";
import { depthCurvePath, depthCurvePoints, spacedLabels } from "./depth-curve.ts";

const SPACE = { width: 300, height: 80, domain: [0, 1] as const };

test("depth goes from left to right, and more is higher", () => {
  const points = depthCurvePoints([0, 0.5, 1], SPACE);
  assert.deepEqual(
    points.map(({ x }) => x),
    [16, 150, 284],
  );
  assert.ok((points[0]?.y ?? 0) > (points[1]?.y ?? 0) && (points[1]?.y ?? 0) > (points[2]?.y ?? 0));
});

test("an inverted axis puts rank 0 on top", () => {
  const [best, worst] = depthCurvePoints([0, 1], { ...SPACE, inverted: true });
  assert.ok((best?.y ?? 0) < (worst?.y ?? 0));
});

test("a missing value breaks the line instead of drawing a guess", () => {
  const path = depthCurvePath(depthCurvePoints([0, 1, Number.NaN, 1, 0], SPACE));
  assert.equal(path.match(/M/g)?.length, 2);
});

test("labels keep their distance and both ends stand", () => {
  assert.deepEqual(spacedLabels(7, 300, 20), [0, 1, 2, 3, 4, 5, 6]);
  const many = spacedLabels(49, 300, 20);
  assert.equal(many[0], 0);
  assert.equal(many.at(-1), 48);
  for (let i = 1; i < many.length; i++) assert.ok(((many[i] ?? 0) - (many[i - 1] ?? 0)) * (300 / 48) >= 19);
});
