import assert from "node:assert/strict";
import { test } from "node:test";
import { seededRandom } from "../training/random.ts";
import { addSums, newSums, type SumsOfRows, solveRidge } from "./ridge.ts";

/** Sums of given rows, spelled out. */
function sumsOf(x: readonly (readonly number[])[], y: readonly (readonly number[])[]): SumsOfRows {
  const [inputs, targets] = [x[0]?.length ?? 0, y[0]?.length ?? 0];
  const total = (value: (row: number) => number) => x.reduce((sum, _, row) => sum + value(row), 0);
  const table = (a: number, b: number, value: (i: number, j: number) => number) =>
    Float64Array.from({ length: a * b }, (_, place) => value(Math.floor(place / b), place % b));
  const at = (rows: readonly (readonly number[])[], row: number, i: number) => rows[row]?.[i] ?? Number.NaN;
  return {
    rows: x.length,
    inputSquares: table(inputs, inputs, (i, j) => total((row) => at(x, row, i) * at(x, row, j))),
    products: table(inputs, targets, (i, t) => total((row) => at(x, row, i) * at(y, row, t))),
    inputSums: table(inputs, 1, (i) => total((row) => at(x, row, i))),
    targetSums: table(targets, 1, (t) => total((row) => at(y, row, t))),
  };
}

const random = seededRandom(3);
const truth = { weights: [2, -1, 0.5, 3, 0, -2], intercept: [10, -4] };
const x = Array.from({ length: 200 }, () => [random.normal() + 5, 3 * random.normal(), random.normal() - 1]);
const y = x.map((row) =>
  truth.intercept.map((constant, t) =>
    row.reduce((sum, value, i) => sum + value * (truth.weights[2 * i + t] ?? 0), constant),
  ),
);

test("a weak penalty finds the planted map and intercept; sums may come in pieces", () => {
  const sums = newSums(3, 2);
  addSums(sums, sumsOf(x.slice(0, 70), y.slice(0, 70)));
  addSums(sums, sumsOf(x.slice(70), y.slice(70)));
  const { weights, intercept } = solveRidge(sums, 1e-10);
  for (const [i, weight] of truth.weights.entries()) assert.ok(Math.abs((weights[i] ?? 0) - weight) < 1e-7);
  for (const [t, constant] of truth.intercept.entries()) assert.ok(Math.abs((intercept[t] ?? 0) - constant) < 1e-6);
});

test("the solution makes the penalised gradient zero, and the intercept is not penalised", () => {
  const sums = newSums(3, 2);
  addSums(sums, sumsOf(x, y));
  const strength = 0.5;
  const { weights, intercept } = solveRidge(sums, strength);
  const mean = [0, 1, 2].map((i) => x.reduce((sum, row) => sum + (row[i] ?? 0), 0) / x.length);
  const variance =
    x.reduce((sum, row) => sum + row.reduce((s, value, i) => s + (value - (mean[i] ?? 0)) ** 2, 0), 0) / x.length / 3;
  for (let t = 0; t < 2; t++) {
    const left = x.map(
      (row, r) =>
        (y[r]?.[t] ?? 0) -
        (intercept[t] ?? 0) -
        row.reduce((sum, value, i) => sum + value * (weights[2 * i + t] ?? 0), 0),
    );
    assert.ok(Math.abs(left.reduce((sum, value) => sum + value, 0)) < 1e-8, "residuals sum to 0");
    for (let i = 0; i < 3; i++) {
      const gradient = left.reduce((sum, value, r) => sum + value * (x[r]?.[i] ?? 0), 0) / x.length;
      assert.ok(Math.abs(gradient - strength * variance * (weights[2 * i + t] ?? 0)) < 1e-9);
    }
  }
});

test("inputs that do not vary predict the mean", () => {
  const sums = newSums(2, 1);
  addSums(
    sums,
    sumsOf(
      [
        [1, 2],
        [1, 2],
      ],
      [[3], [5]],
    ),
  );
  const { weights, intercept } = solveRidge(sums, 1e-3);
  assert.deepEqual([...weights], [0, 0]);
  assert.deepEqual([...intercept], [4]);
});
