import assert from "node:assert/strict";
import { test } from "node:test";
import type { Run } from "../wire.ts";
import { nextTokens } from "./next-tokens.ts";

/** A run of one row and two positions; only the last may be read. */
function run(ids: number[], probabilities: number[], tracked: { id: number; probability: number }[] = []): Run {
  const tensor = (width: number, last: number[]) => ({
    axes: ["batch", "position", "rank"],
    shape: [1, 2, width],
    data: [...new Array<number>(width).fill(-1), ...last],
  });
  const texts = Object.fromEntries(ids.map((id) => [String(id), ` t${id}`]));
  const logits = {
    positions: [0, 1],
    topIds: tensor(ids.length, ids),
    topLogits: tensor(ids.length, probabilities),
    topProbabilities: tensor(ids.length, probabilities),
    tracked: {
      tokens: tracked.map(({ id }) => ({ id, text: `tracked ${id}` })),
      logits: tensor(tracked.length, []),
      probabilities: tensor(
        tracked.length,
        tracked.map(({ probability }) => probability),
      ),
      ranks: tensor(tracked.length, []),
    },
  };
  const recipe = {
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
  };
  return { tokens: [[]], texts, results: { logits }, recipe, milliseconds: 1 };
}

test("the leaders of both runs stand together, the larger of the two probabilities first", () => {
  const rows = nextTokens(run([1, 2, 3], [0.7, 0.2, 0.05]), run([2, 4, 1], [0.9, 0.06, 0.01]), 2);
  assert.deepEqual(
    rows.map(({ id, before, after }) => [id, before, after]),
    [
      [2, 0.2, 0.9],
      [1, 0.7, 0.01],
      [4, undefined, 0.06],
    ],
  );
  assert.equal(rows[2]?.below.before, 0.05);
});

test("a followed token is listed however rare, with its exact probability", () => {
  const follow = (probability: number) => [{ id: 9, probability }];
  const rows = nextTokens(run([1, 2], [0.7, 0.2], follow(1e-6)), run([1, 2], [0.6, 0.3], follow(0.01)), 2);
  const followed = rows.find(({ id }) => id === 9);
  assert.deepEqual(followed && [followed.text, followed.before, followed.after, followed.followed], [
    "tracked 9",
    1e-6,
    0.01,
    true,
  ]);
});
