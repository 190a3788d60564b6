import assert from "node:assert/strict";
import { test } from "node:test";
import { stackedBar } from "./stacked-bar.ts";

const parts = (...values: number[]) => values.map((value, i) => ({ name: `part ${i}`, value }));

test("parts of 1 fill the width in order", () => {
  const { segments, wholeX, sum } = stackedBar(parts(0.75, 0.125, 0.125), 400);
  assert.deepEqual(
    segments.map(({ x, width }) => [x, width]),
    [
      [0, 300],
      [300, 50],
      [350, 50],
    ],
  );
  assert.equal(wholeX, 400);
  assert.equal(sum, 1);
});

test("less than the whole leaves a gap; more moves the mark of the whole inwards", () => {
  assert.equal(stackedBar(parts(0.5), 400).segments[0]?.width, 200);
  const { segments, wholeX } = stackedBar(parts(1, 1), 400);
  assert.equal(wholeX, 200);
  assert.equal((segments[1]?.x ?? 0) + (segments[1]?.width ?? 0), 400);
});

test("a negative part has no width and counts in the sum", () => {
  const { segments, sum } = stackedBar(parts(0.9, -0.1), 100);
  assert.equal(segments[1]?.width, 0);
  assert.ok(Math.abs(sum - 0.8) < 1e-12);
});
