import assert from "node:assert/strict";
import { test } from "node:test";
import type { FeatureResult } from "@patchbay/contract";
import { activationsOf, featuresAt } from "./read-features.ts";

const tensor = (shape: number[], data: number[]) => ({ axes: shape.map((_, i) => `axis ${i}`), shape, data });
const RESULT: FeatureResult = {
  dictionary: "t",
  dictionaryHash: "",
  inputSite: "",
  outputSite: "",
  positions: [4, 9],
  topFeatures: tensor([1, 2, 3], [7, 2, -1, 5, -1, -1]),
  topActivations: tensor([1, 2, 3], [3, -2, 0, 1, 0, 0]),
  topNorms: tensor([1, 2, 3], [1.5, 2, 0, 0.25, 0, 0]),
  active: tensor([1, 2], [2, 1]),
  errorNorm: tensor([1, 2], [0.5, 0.75]),
  outputNorm: tensor([1, 2], [4, 5]),
  chosen: { features: [2, 7], activations: tensor([1, 3, 2], [0, 1, -2, 3, 0, 5]) },
};

test("ranks beyond what fires are left out", () => {
  assert.deepEqual(featuresAt(RESULT, 4), {
    position: 4,
    firing: [
      { feature: 7, activation: 3, norm: 1.5 },
      { feature: 2, activation: -2, norm: 2 },
    ],
    active: 2,
    errorNorm: 0.5,
    outputNorm: 4,
  });
  assert.deepEqual(featuresAt(RESULT, 9)?.firing, [{ feature: 5, activation: 1, norm: 0.25 }]);
  assert.equal(featuresAt(RESULT, 5), undefined);
});

test("a chosen feature is read along the prompt", () => {
  assert.deepEqual(activationsOf(RESULT, 7), [1, 3, 5]);
  assert.equal(activationsOf(RESULT, 8), undefined);
  assert.equal(activationsOf(undefined, 7), undefined);
});
