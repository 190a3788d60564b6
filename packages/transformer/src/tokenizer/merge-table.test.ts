import assert from "node:assert/strict";
import { test } from "node:test";
import { buildMergeTable, mergeSymbols } from "./merge-table.ts";

/** Vocabulary: a b ab aba ba, with the merges in order of priority. */
const [A, B, AB, ABA, BA] = [0, 1, 2, 3, 4];

function merged(symbols: number[], ...merges: [number, number, number][]): number[] {
  const table = buildMergeTable(
    merges.map(([left, right, piece]) => ({ left, right, merged: piece })),
    5,
  );
  return mergeSymbols(symbols, table).map(({ id }) => id);
}

test("the pair of the best rank goes first, wherever it stands", () => {
  assert.deepEqual(merged([A, B, A], [B, A, BA], [A, B, AB]), [A, BA]);
  assert.deepEqual(merged([A, B, A], [A, B, AB], [B, A, BA]), [AB, A]);
});

test("among equals the leftmost goes first", () => {
  assert.deepEqual(merged([A, A, A], [A, A, AB]), [AB, A]);
});

test("what a merge makes can merge again", () => {
  assert.deepEqual(merged([A, B, A, B], [A, B, AB], [AB, A, ABA]), [AB, AB]);
  assert.deepEqual(merged([B, A, B, A], [A, B, AB], [AB, A, ABA]), [B, ABA]);
});

test("two ways to one piece are equals when they stand together", () => {
  // [A BA] and [AB A] both make ABA; the left place must win although its merge is second.
  assert.deepEqual(merged([AB, A, BA], [A, BA, ABA], [AB, A, ABA]), [ABA, BA]);
});

test("spans cover the symbols in order", () => {
  const table = buildMergeTable([{ left: A, right: B, merged: AB }], 5);
  const spans = mergeSymbols([A, B, B, A, B], table);
  assert.deepEqual(spans, [
    { id: AB, first: 0, last: 1 },
    { id: B, first: 2, last: 2 },
    { id: AB, first: 3, last: 4 },
  ]);
  assert.deepEqual(mergeSymbols([], table), []);
});

test("time grows with n log n: a long run of mergeable symbols is no trap", () => {
  const table = buildMergeTable(
    [
      { left: A, right: A, merged: AB },
      { left: AB, right: AB, merged: ABA },
    ],
    5,
  );
  const seconds = (count: number) => {
    const symbols = new Array<number>(count).fill(A);
    const start = performance.now();
    assert.equal(mergeSymbols(symbols, table).length, count / 4);
    return (performance.now() - start) / 1000;
  };
  seconds(20_000);
  // Quadratic time would take more than a minute here.
  assert.ok(seconds(400_000) < 10);
});
