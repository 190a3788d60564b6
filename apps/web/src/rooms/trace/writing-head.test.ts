import assert from "node:assert/strict";
import { test } from "node:test";
import type { AttributionResult } from "@patchbay/contract";
import { readingHead, writingHead } from "./writing-head.ts";

const component = (kind: string, layer: number, unit: number | undefined, share: number) =>
  ({ label: `${kind}${layer}.${unit}`, kind, layer, unit, share }) as AttributionResult["components"][number];

test("the writing head has the largest share for the target, not against it and not an MLP", () => {
  const components = [
    component("mlp", 4, undefined, 9),
    component("head", 5, 1, 7.5),
    component("head", 2, 3, -8),
    component("head", 0, 0, 1),
  ];
  assert.deepEqual(writingHead({ components }), { layer: 5, head: 1 });
  assert.equal(writingHead({ components: [component("head", 2, 3, -8)] }), undefined);
});

test("the reading head is judged at the query and without its first position", () => {
  const pattern = (...weights: number[]) => ({ size: 3, weights: Float32Array.from(weights) });
  const sink = pattern(1, 0, 0, 1, 0, 0, 0.9, 0.05, 0.05);
  const reader = pattern(1, 0, 0, 0.5, 0.5, 0, 0.1, 0.8, 0.1);
  assert.deepEqual(readingHead([undefined, [sink, reader]], 2), { layer: 1, head: 1 });
  assert.equal(readingHead([[pattern(1, 0, 0, 1, 0, 0, 1, 0, 0)]], 2), undefined);
});
