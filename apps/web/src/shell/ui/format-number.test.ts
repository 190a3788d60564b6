import assert from "node:assert/strict";
import { test } from "node:test";
import { formatBytes, formatFixed, formatProbability, formatSigned } from "./format-number.ts";

test("there is a real minus and no minus zero", () => {
  assert.equal(formatFixed(-1.239), "−1.24");
  assert.equal(formatFixed(-0.001), "0.00");
  assert.equal(formatSigned(-0.001), "0.00");
  assert.equal(formatSigned(0.5), "+0.50");
});

test("what is no number is not shown as one", () => {
  assert.equal(formatFixed(Number.NaN), "n/a");
  assert.equal(formatSigned(Number.NEGATIVE_INFINITY), "−∞");
});

test("probabilities have three places until those say nothing", () => {
  assert.deepEqual([0.977, 1, 0, 0.0004, 1e-9].map(formatProbability), ["0.977", "1.000", "0.000", "4e−4", "<1e-6"]);
});

test("bytes", () => {
  assert.deepEqual([0, 999, 1500, 187_513_312].map(formatBytes), ["0 B", "999 B", "1.5 KB", "188 MB"]);
});
