import assert from "node:assert/strict";
import { test } from "node:test";
import { tokenHeat } from "./token-heat.ts";

const token = (position: number, value: number | undefined, text = "a") => ({ position, value, text, label: text });

test("opposite values have opposite strengths, and the strongest is full", () => {
  const { cells, limit } = tokenHeat([token(0, -4), token(1, 4), token(2, 1)]);
  assert.equal(limit, 4);
  assert.deepEqual(
    cells.map((cell) => cell.strength),
    [-1, 1, 0.25],
  );
});

test("a fixed limit holds and cuts", () => {
  assert.deepEqual(
    tokenHeat([token(0, 9), token(1, 1)], 2).cells.map((cell) => cell.strength),
    [1, 0.5],
  );
});

test("zeros and missing values have no strength", () => {
  assert.deepEqual(
    tokenHeat([token(0, 0), token(1, undefined)]).cells.map((cell) => cell.strength),
    [0, 0],
  );
});

test("a line break in the text breaks the line; one in a special token's name does not", () => {
  const { cells } = tokenHeat([
    token(0, 1, "\n"),
    { position: 1, value: 1, text: "\n<s>\n", label: "⟨s⟩", special: true },
  ]);
  assert.deepEqual(
    cells.map((cell) => cell.breaksAfter),
    [true, false],
  );
});
