import assert from "node:assert/strict";
import { test } from "node:test";
import { UNDISTURBED } from "../testing/open-test-service.ts";
import { seededRandom, shuffle } from "../training/random.ts";
import { maximumAssignment } from "./assignment.ts";

/** Largest sum over every way of giving each row a column of its own. */
function bestByForce(weights: Float32Array, rows: number, columns: number): number {
  const taken = new Set<number>();
  const best = (row: number): number => {
    if (row === rows) return 0;
    let most = Number.NEGATIVE_INFINITY;
    for (let column = 0; column < columns; column++) {
      if (taken.has(column)) continue;
      taken.add(column);
      most = Math.max(most, (weights[row * columns + column] ?? 0) + best(row + 1));
      taken.delete(column);
    }
    return most;
  };
  return best(0);
}

function sumOf(weights: Float32Array, columns: number, columnOf: Int32Array): number {
  assert.equal(new Set(columnOf).size, columnOf.length, "every row has a column of its own");
  return columnOf.reduce((sum, column, row) => sum + (weights[row * columns + column] ?? Number.NaN), 0);
}

test("the sum is that of trying every assignment, square and with more columns, ties and negative weights included", async () => {
  const random = seededRandom(1);
  for (let round = 0; round < 600; round++) {
    const rows = 1 + random.integer(6);
    const columns = rows + random.integer(3);
    // Small whole numbers make ties, on which a search can go round in circles.
    const weight = round % 2 === 0 ? () => random.integer(4) - 2 : () => random.normal();
    const weights = Float32Array.from({ length: rows * columns }, weight);
    const best = bestByForce(weights, rows, columns);
    for (const bidsPerRow of [0, 1, 40]) {
      const columnOf = await maximumAssignment({ weights, rows, columns }, UNDISTURBED, bidsPerRow);
      const found = sumOf(weights, columns, columnOf);
      assert.ok(Math.abs(found - best) < 1e-9, `round ${round}, ${bidsPerRow} bids: ${found} is not ${best}`);
    }
  }
});

test("a hidden permutation among 400 features is found whole", async () => {
  const random = seededRandom(2);
  const size = 400;
  const hidden = shuffle(
    Int32Array.from({ length: size }, (_, i) => i),
    random,
  );
  const weights = Float32Array.from({ length: size * size }, () => 0.3 * random.uniform());
  for (const [row, column] of hidden.entries()) weights[row * size + column] = 0.5;
  for (const bidsPerRow of [0, 40]) {
    assert.deepEqual(await maximumAssignment({ weights, rows: size, columns: size }, UNDISTURBED, bidsPerRow), hidden);
  }
});

test("no price of the answer can be improved on: 150 by 170 random weights, checked by single swaps and moves", async () => {
  const random = seededRandom(3);
  const [rows, columns] = [150, 170];
  const weights = Float32Array.from({ length: rows * columns }, () => random.normal());
  const columnOf = await maximumAssignment({ weights, rows, columns }, UNDISTURBED);
  const weight = (row: number, column: number) => weights[row * columns + column] ?? Number.NaN;
  const used = new Set(columnOf);
  for (let row = 0; row < rows; row++) {
    const own = columnOf[row] ?? 0;
    for (let column = 0; column < columns; column++) {
      if (!used.has(column)) assert.ok(weight(row, column) <= weight(row, own) + 1e-9);
    }
    for (let other = 0; other < row; other++) {
      const theirs = columnOf[other] ?? 0;
      assert.ok(weight(row, theirs) + weight(other, own) <= weight(row, own) + weight(other, theirs) + 1e-9);
    }
  }
});

test("a cancelled search stops", async () => {
  const controller = new AbortController();
  controller.abort();
  const size = 1500;
  const random = seededRandom(4);
  const weights = Float32Array.from({ length: size * size }, () => random.uniform());
  await assert.rejects(maximumAssignment({ weights, rows: size, columns: size }, { signal: controller.signal }), {
    code: "cancelled",
  });
});
