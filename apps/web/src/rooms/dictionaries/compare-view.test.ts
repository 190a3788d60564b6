import assert from "node:assert/strict";
import { test } from "node:test";
import { withQuery } from "../common/query.ts";
import { type CompareView, comparisonRequest, readCompareView, writeCompareView } from "./compare-view.ts";

function read(search: string): CompareView {
  const parameters = new URLSearchParams(search);
  return readCompareView((name) => parameters.get(name) ?? undefined);
}

const VIEW: CompareView = {
  left: "sae.topk-s0",
  right: "sae.topk-s1",
  vectors: "encoder",
  matching: "greedy",
  threshold: 0.55,
  list: "unmatched",
};

test("a view survives the way to the address and back", () => {
  assert.deepEqual(read(withQuery("", writeCompareView(VIEW))), VIEW);
  const usual: CompareView = { ...VIEW, vectors: "both", matching: "one-to-one", threshold: 0.7, list: "pairs" };
  assert.equal(withQuery("", writeCompareView(usual)), "?left=sae.topk-s0&right=sae.topk-s1");
});

test("changing one part leaves the rest of the address as it is", () => {
  assert.equal(withQuery("?left=a&right=b&threshold=0.5", writeCompareView({ threshold: 0.7 })), "?left=a&right=b");
  assert.equal(withQuery("?left=a&right=b", writeCompareView({ left: "b", right: "a" })), "?left=b&right=a");
});

test("what cannot be meant falls back, and nothing is asked with one side", () => {
  const view = read("?left=a&vectors=sideways&threshold=7");
  assert.deepEqual([view.vectors, view.threshold], ["both", 0.7]);
  assert.equal(comparisonRequest("m", view), undefined);
  assert.equal(comparisonRequest("m", { ...view, right: "b" })?.matching, "one-to-one");
});

test("a pointed threshold has two places", () => {
  assert.equal(writeCompareView({ threshold: 0.123456 }).threshold, "0.12");
});
