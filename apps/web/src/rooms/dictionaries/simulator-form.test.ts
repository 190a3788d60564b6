import assert from "node:assert/strict";
import { test } from "node:test";
import { RewriteRequest } from "@patchbay/contract";
import { readFeatures, readRewriteForm, rewriteFormOf, USUAL_REWRITE, writeFeatures } from "./simulator-form.ts";

test("the form as it stands at first asks for every feature by n-grams", () => {
  assert.deepEqual(readRewriteForm(USUAL_REWRITE, 100), { problems: {}, request: { simulator: { kind: "ngram" } } });
});

test("a request survives the way to the form and back, and the contract takes it", () => {
  const requests = [
    { simulator: { kind: "tokens", tokens: [" L", "ily"] }, features: [3, 5], calibrate: false },
    { simulator: { kind: "regex", pattern: "\\bonce" }, features: [7], tokens: 4000 },
    { simulator: { kind: "ngram", length: 2, minimumCount: 3 }, fraction: 0.25, seed: 1 },
    { simulator: { kind: "oracle" } },
  ] as const;
  for (const request of requests) {
    const whole = RewriteRequest.parse({ model: "m", dictionary: "d", ...request });
    assert.deepEqual(readRewriteForm(rewriteFormOf(whole), 100).request, request);
  }
});

test("a token keeps its leading space; white space alone is a token, an empty line is not", () => {
  const form = { ...USUAL_REWRITE, simulator: "tokens", tokens: " L\n\n ", features: "1" } as const;
  assert.deepEqual(readRewriteForm(form, 10).request?.simulator, { kind: "tokens", tokens: [" L", " "] });
});

test("lists of features have ranges, and say what is wrong with them", () => {
  assert.deepEqual(readFeatures("F3, 1-2 3", 10), [1, 2, 3]);
  assert.equal(writeFeatures([2277, 5, 3, 4, 9, 8]), "3-5, 8, 9, 2277");
  assert.equal(readFeatures(" ", 10), undefined);
  for (const text of ["x", "4-2", "10", "0-9999"]) assert.equal(typeof readFeatures(text, 10), "string");
});

test("what cannot be asked is said at its field", () => {
  const { request, problems } = readRewriteForm(
    { ...USUAL_REWRITE, simulator: "regex", pattern: "(", heldOut: "3" },
    10,
  );
  assert.equal(request, undefined);
  assert.deepEqual(Object.keys(problems).sort(), ["features", "heldOut", "pattern"]);
  assert.deepEqual(Object.keys(readRewriteForm({ ...USUAL_REWRITE, percent: "0" }, 10).problems), ["percent"]);
});
