import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../training/random.ts";
import { differenceInterval, lossInterval } from "./bootstrap.ts";

function losses(texts: number, value: (i: number) => number, count: (i: number) => number = () => 10) {
  return new Map(Array.from({ length: texts }, (_, i) => [i, { sum: value(i) * count(i), count: count(i) }]));
}

test("the mean is over tokens, and its interval is that of theory within a tenth of its width", () => {
  const random = seededRandom(1);
  const values = Array.from({ length: 400 }, () => 2 + random.normal());
  const { mean, low, high } = lossInterval(
    losses(400, (i) => values[i] ?? 0),
    7,
  );
  const average = values.reduce((sum, value) => sum + value, 0) / 400;
  assert.ok(Math.abs(mean - average) < 1e-12);
  const deviation = Math.sqrt(values.reduce((sum, value) => sum + (value - average) ** 2, 0) / 400 / 400);
  const width = 2 * 1.96 * deviation;
  assert.ok(Math.abs(low - (average - width / 2)) < width / 10 && Math.abs(high - (average + width / 2)) < width / 10);
  const uneven = lossInterval(
    losses(
      2,
      (i) => i,
      (i) => (i === 0 ? 30 : 10),
    ),
    7,
  );
  assert.equal(uneven.mean, 0.25);
});

test("the same seed gives the same interval; differences are paired by text", () => {
  const random = seededRandom(2);
  const noise = Array.from({ length: 60 }, () => 5 * random.normal());
  const a = losses(60, (i) => (noise[i] ?? 0) + 0.01);
  const b = losses(60, (i) => noise[i] ?? 0);
  assert.deepEqual(lossInterval(a, 3), lossInterval(a, 3));
  assert.notDeepEqual(lossInterval(a, 3), lossInterval(a, 4));
  const difference = differenceInterval(a, b, 3);
  for (const value of Object.values(difference))
    assert.ok(Math.abs(value - 0.01) < 1e-9, "the texts' own spread is gone");
});
