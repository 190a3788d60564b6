import assert from "node:assert/strict";
import { test } from "node:test";
import { jobSettings, sameRequest } from "./job-settings.ts";

test("settings are said in words, defaults are not", () => {
  assert.equal(jobSettings({ kind: "neuron-map", model: "m" }), "");
  assert.equal(
    jobSettings({ kind: "rewrite", model: "m", dictionary: "t-2", simulator: { kind: "ngram" }, fraction: 0.25 }),
    "t-2 · n-gram simulator · 25 % of features",
  );
  const target = { name: "s", kind: "sae", inputSite: "x", features: 2304, sparsity: { kind: "topk", k: 32 } } as const;
  assert.equal(
    jobSettings({
      kind: "train-dictionary",
      model: "m",
      set: "pair",
      targets: [target, target],
      corpus: { kind: "samples" },
      tokens: 2_000_000,
    }),
    "pair · 2 dictionaries · 2,304 features · 2,000,000 tokens",
  );
});

test("the order of names does not matter, the values do", () => {
  assert.ok(sameRequest({ a: 1, b: { c: [1, 2], d: undefined } }, { b: { c: [1, 2] }, a: 1 }));
  assert.ok(!sameRequest({ a: [1, 2] }, { a: [2, 1] }));
});
