import assert from "node:assert/strict";
import { test } from "node:test";
import { restrictRow, sparsify } from "./sparse-rows.ts";

// Six features, one error, one token.
const LAYOUT = { features: 0, errors: 6, tokens: 7, length: 8 };
const batch = (values: number[], featureEnd = 6) => ({
  targets: [0],
  values: Float32Array.from(values),
  biases: Float32Array.of(0.25),
  featureEnd,
});

test("the largest weights are kept until they hold the share; errors and tokens always", () => {
  const values = [4, -3, 0.5, 0.05, 0, -0.01, 0.001, -2];
  const [row] = sparsify(batch(values), LAYOUT, 0.9);
  assert.deepEqual([...(row?.columns ?? [])], [0, 1, 6, 7]);
  assert.deepEqual(
    [...(row?.weights ?? [])].map((weight) => Math.fround(weight)),
    [4, -3, Math.fround(0.001), -2],
  );
  assert.ok(Math.abs((row?.inputSum ?? 0) - 9.561) < 1e-6);
  assert.ok(Math.abs((row?.signedSum ?? 0) - -0.459) < 1e-6);
  assert.equal(row?.bias, 0.25);
});

test("a share of 1 keeps every weight that is not zero; a row of zeros keeps none", () => {
  const [all] = sparsify(batch([4, -3, 0.5, 0.05, 0, -0.01, 0, -2]), LAYOUT, 1);
  assert.deepEqual([...(all?.columns ?? [])], [0, 1, 2, 3, 5, 7]);
  const [none] = sparsify(batch([0, 0, 0, 0, 0, 0, 0, 0]), LAYOUT, 0.98);
  assert.deepEqual([none?.columns.length, none?.inputSum], [0, 0]);
});

test("columns that are not selected go, and the sum stays", () => {
  const [row] = sparsify(batch([4, -3, 0.5, 0.05, 0, -0.01, 0.001, -2]), LAYOUT, 1);
  assert.ok(row !== undefined);
  const places = Int32Array.of(-1, 0, 1, -1, -1, -1, 2, 3);
  const kept = restrictRow(row, places);
  assert.deepEqual([...kept.columns], [0, 1, 2, 3]);
  assert.equal(kept.inputSum, row.inputSum);
});
