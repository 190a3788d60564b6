import assert from "node:assert/strict";
import { test } from "node:test";
import type { Intervention } from "@patchbay/contract";
import { observableValue, randomSteering } from "./steering.ts";

const length = (values: readonly number[] = []) => Math.hypot(...values);

test("a random direction has the length of the one that it stands beside, and is another", () => {
  const steer: Intervention[] = [
    { op: "add", site: "blocks.4.hook_resid_mid", values: [3, 4, 0, 0], coefficient: 2, positions: "all" },
  ];
  const [random] = randomSteering(steer, 1);
  assert.ok(random?.op === "add");
  assert.ok(Math.abs(length(random.values) - 5) < 1e-9);
  assert.equal(random.coefficient, 2);
  assert.notDeepEqual(random.values, [3, 4, 0, 0]);
  assert.deepEqual(randomSteering(steer, 1), [random]);
  assert.notDeepEqual(randomSteering(steer, 2), [random]);
});

test("an observable is Σ weight · logit, and unknown where a logit is", () => {
  const observable = {
    name: "x",
    tokens: [
      { id: 1, text: " he", weight: 0.5 },
      { id: 2, text: " she", weight: -1 },
    ],
    norm: 1,
    value: 0,
    ranked: [],
  };
  assert.equal(
    observableValue(
      observable,
      new Map([
        [1, 4],
        [2, 3],
      ]),
    ),
    -1,
  );
  assert.equal(observableValue(observable, new Map([[1, 4]])), undefined);
});
