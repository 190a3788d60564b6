import assert from "node:assert/strict";
import { test } from "node:test";
import { intervalBars } from "./interval-bars.ts";

test("bars begin at the reference and keep the order of their values", () => {
  const values = [
    { name: "original", value: 0.75, low: 0.7, high: 0.8 },
    { name: "zero", value: 2.5, low: 2.3, high: 2.7 },
  ];
  const { rows, origin } = intervalBars(values, 300, 0.75);
  assert.equal(rows[0]?.x, origin);
  assert.ok((rows[0]?.low ?? 0) < origin && origin < (rows[0]?.high ?? 0));
  assert.ok((rows[1]?.low ?? 0) < (rows[1]?.x ?? 0) && (rows[1]?.high ?? 999) < 300);
});

test("a difference may fall to both sides of 0", () => {
  const { rows, origin } = intervalBars([{ name: "d", value: -0.2, low: -0.5, high: 0.1 }], 100, 0);
  assert.ok((rows[0]?.low ?? 0) > 0 && (rows[0]?.x ?? 0) < origin && (rows[0]?.high ?? 0) > origin);
});

test("equal values and values that are no numbers stay finite", () => {
  const { rows, ticks } = intervalBars(
    [
      { name: "a", value: 1 },
      { name: "b", value: Number.NaN },
    ],
    100,
    1,
  );
  assert.ok(rows.every(({ x }) => Number.isFinite(x)));
  assert.ok(ticks.every(({ position }) => Number.isFinite(position)));
});
