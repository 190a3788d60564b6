import assert from "node:assert/strict";
import { test } from "node:test";
import type { ModelShape } from "@patchbay/transformer";
import { type ErrorCode, PatchbayError } from "@patchbay/vocabulary";
import type { DictionarySpec } from "../dictionary.ts";
import { dictionaryFixture, importAll } from "../testing/fixtures.ts";
import { checkAgainstModel, siteWidth } from "./check-against-model.ts";

const SHAPE: ModelShape = {
  family: "llama",
  layers: 2,
  residualWidth: 8,
  heads: 2,
  keyValueHeads: 1,
  headWidth: 5,
  neurons: 12,
  outputVocabulary: 50,
  direction: "causal",
  vocabulary: 50,
  context: 16,
  norm: { kind: "rms", epsilon: 1e-5 },
  activation: "silu",
  gated: true,
  positions: { kind: "learned" },
  scoreScale: 1,
  arrangement: "sequential",
};
const MODEL = { name: "tiny", hash: "a".repeat(64), shape: SHAPE };

const { path } = await dictionaryFixture("sae-lens-standard");
const [found] = await importAll(path);
assert.ok(found);
const spec = found.spec;

function at(inputSite: string, change: Partial<DictionarySpec> = {}): DictionarySpec {
  return { ...spec, inputSite, outputSites: [inputSite], ...change };
}

test("a dictionary that fits is accepted, whatever its model is called", () => {
  checkAgainstModel(spec, MODEL);
  checkAgainstModel({ ...spec, model: { name: "another/spelling", hash: MODEL.hash } }, MODEL);
  checkAgainstModel(at("blocks.1.attn.hook_z", { inputWidth: 10, outputWidth: 10 }), MODEL);
});

const refusals: readonly [string, DictionarySpec, ErrorCode, RegExp][] = [
  ["another model's hash", { ...spec, model: { name: "gpt2", hash: "b".repeat(64) } }, "conflict", /another model/],
  ["another width", at(spec.inputSite, { inputWidth: 9, outputWidth: 9 }), "values-do-not-fit", /width 8 at blocks.1/],
  ["a layer that is not there", at("blocks.2.hook_resid_post"), "layer-out-of-range", /layers 0 to 1/],
  ["a site that the model lacks", at("blocks.1.attn.hook_rot_q"), "unknown-site", /hook_rot_q/],
  ["a site without a vector", at("blocks.1.attn.hook_pattern"), "values-do-not-fit", /one vector/],
  [
    "an output that does not fit",
    { ...spec, kind: "transcoder", outputSites: ["blocks.1.mlp.hook_post"] },
    "values-do-not-fit",
    /width 12 at blocks.1.mlp.hook_post/,
  ],
];
for (const [what, wrong, code, reason] of refusals) {
  test(`${what} is refused`, () => {
    assert.throws(
      () => checkAgainstModel(wrong, MODEL),
      (error) => error instanceof PatchbayError && error.code === code && reason.test(error.message),
    );
  });
}

test("the caller's own widths are used where given", () => {
  assert.throws(() => checkAgainstModel(spec, { ...MODEL, widthOf: () => 7 }), /width 7/);
});

test("widths of sites", () => {
  assert.equal(siteWidth(SHAPE, { kind: "attn.hook_k", layer: 0 }), 5);
  assert.equal(siteWidth(SHAPE, { kind: "mlp.hook_post", layer: 0 }), 12);
  assert.equal(siteWidth(SHAPE, { kind: "attn.hook_result", layer: 0 }), undefined);
  assert.equal(siteWidth(SHAPE, { kind: "ln1.hook_scale", layer: 0 }), undefined);
});
