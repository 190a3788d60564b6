import assert from "node:assert/strict";
import { test } from "node:test";
import type { RunResult } from "@patchbay/contract";
import { gridCells, shortProbability } from "./grid-cells.ts";
import { depthLabel, lensAnswer, trackedToken } from "./lens-answer.ts";

/** Two rows, two positions, two tokens a cell; `ids` row-major. */
function run(ids: number[], probabilities: number[], ranks: number[]): RunResult {
  const tensor = (shape: number[], data: number[]) => ({ axes: shape.map((_, i) => `a${i}`), shape, data });
  const grid = (data: number[]) => tensor([1, 2, 2], data);
  return {
    tokens: [[]],
    texts: { 1: " a", 2: " b", 3: " c" },
    results: {
      lens: {
        norm: "final",
        sites: ["hook_embed", "blocks.0.hook_resid_post"],
        positions: [0, 1],
        topIds: tensor([1, 2, 2, 2], ids),
        topLogits: tensor([1, 2, 2, 2], ids),
        topProbabilities: tensor([1, 2, 2, 2], probabilities),
        entropy: grid([0.1, 0.2, 0.3, 0.4]),
        klToFinal: grid([3, 2, 0, 0]),
        tracked: {
          tokens: [{ id: 1, text: " a" }],
          logits: tensor([1, 2, 2, 1], ranks),
          probabilities: tensor([1, 2, 2, 1], ranks),
          ranks: tensor([1, 2, 2, 1], ranks),
        },
        settledAt: tensor([1, 2], [1, 0]),
      },
    },
    recipe: {
      model: "m",
      modelHash: "",
      engine: "",
      runtime: "",
      tokens: [],
      bosPrepended: true,
      normalisation: "",
      dtype: "",
      weights: "",
      request: {},
      hash: "",
    },
    milliseconds: 1,
  };
}

function side(...parameters: Parameters<typeof run>) {
  const result = run(...parameters);
  const lens = lensAnswer(result);
  assert.ok(lens !== undefined);
  return { lens, tracked: trackedToken(result.results.lens) };
}

const before = side([1, 2, 2, 1, 1, 2, 3, 1], [0.9, 0.05, 0.5, 0.3, 0.6, 0.2, 0.7, 0.1], [0, 1, 0, 9]);
const after = side([1, 2, 2, 1, 2, 1, 2, 1], [0.9, 0.05, 0.5, 0.3, 0.8, 0.15, 0.9, 0.05], [0, 1, 1, 0]);

test("cells are read by row and column", () => {
  assert.equal(before.lens.topText(1, 1), " c");
  assert.equal(before.lens.probabilityOf(1, 0, 2), 0.2);
  assert.equal(before.lens.probabilityOf(1, 0, 3), undefined);
  assert.deepEqual(before.lens.labels, ["embed", "L0"]);
  assert.equal(before.tracked?.rank(1, 1), 9);
});

test("before and after show the leading token and its probability", () => {
  const cells = gridCells({ before, after, compare: "after", measure: "probability" });
  assert.deepEqual(
    [...cells.values].map((value) => value.toFixed(2)),
    ["0.90", "0.50", "0.80", "0.90"],
  );
  assert.equal(cells.text(1, 0), " b");
  assert.equal(cells.kind, "sequential");
});

test("the difference follows the token that led before", () => {
  const cells = gridCells({ before, after, compare: "difference", measure: "probability" });
  assert.deepEqual(
    [...cells.values].map((value) => value.toFixed(2)),
    // The last one left a list that ends at 0.05: at least this much is gone.
    ["0.00", "0.00", "-0.45", "-0.65"],
  );
  assert.equal(cells.text(0, 0), " a");
  assert.equal(cells.text(1, 0), " b");
  assert.deepEqual([cells.leaderChanged(0, 0), cells.leaderChanged(1, 0)], [false, true]);
  assert.equal(cells.note(1, 0), "−.45");
});

test("a leader that left the list is bounded by the list, and says so", () => {
  const gone = side([1, 2, 2, 1, 1, 2, 3, 1], [0.9, 0.05, 0.5, 0.3, 0.6, 0.3, 0.7, 0.1], [0, 1, 0, 9]);
  const now = side([2, 3, 2, 1, 2, 3, 2, 1], [0.6, 0.3, 0.5, 0.3, 0.6, 0.1, 0.999, 0.0009], [7, 1, 0.4, 0]);
  const cells = gridCells({ before: gone, after: now, compare: "difference", measure: "probability" });
  // Followed, so exact though unlisted: the tracked token is the one that led.
  assert.equal(cells.note(1, 0), "−.20");
  const untracked = { ...now, tracked: undefined };
  const bounded = gridCells({ before: gone, after: untracked, compare: "difference", measure: "probability" });
  assert.equal(bounded.note(0, 0), "<−.80", "no more than the 0.1 that the list leaves");
  assert.equal(bounded.note(1, 0), "<−.50", "no more than the last one listed");
  assert.equal(bounded.note(1, 1), "−.70", "a bound that rounding hides is not mentioned");
  assert.match(bounded.meaning, /left the list/);
});

test("a difference with itself is zero everywhere, in every measure", () => {
  for (const measure of ["probability", "rank", "kl", "entropy"] as const) {
    const { values } = gridCells({ before, after: before, compare: "difference", measure });
    assert.ok(
      values.every((value) => value === 0),
      measure,
    );
  }
});

test("a rank that improves is positive", () => {
  const cells = gridCells({ before, after, compare: "difference", measure: "rank" });
  assert.equal(cells.values[3], 1);
  assert.ok((cells.values[2] ?? 0) < 0);
  assert.equal(cells.note(1, 1), "9→0");
});

test("without an after, a comparison shows before", () => {
  const cells = gridCells({ before, after: undefined, compare: "difference", measure: "probability" });
  assert.equal(cells.kind, "sequential");
});

test("labels of depth", () => {
  assert.equal(depthLabel("blocks.0.hook_resid_pre"), "embed");
  assert.equal(depthLabel("blocks.3.hook_resid_mid"), "L3 mid");
});

test("short probabilities", () => {
  assert.deepEqual([0.977, 0.999, 0.0004, 0.05].map(shortProbability), [".98", "1.0", "0", ".05"]);
});
