import assert from "node:assert/strict";
import { test } from "node:test";
import { numberIn, oneOf, withQuery } from "./query.ts";

test("a change keeps the other names and their order", () => {
  assert.equal(withQuery("?layer=3&token=+L", { layer: "4" }), "?layer=4&token=+L");
  assert.equal(withQuery("?layer=3&token=+L", { layer: undefined }), "?token=+L");
  assert.equal(withQuery("?layer=3", { layer: "" }), "");
});

test("a token keeps its leading space through the address", () => {
  assert.equal(new URLSearchParams(withQuery("", { token: " L" })).get("token"), " L");
});

test("what the address cannot mean falls back", () => {
  assert.equal(oneOf("sideways", ["write", "gate"], "write"), "write");
  assert.equal(numberIn("six"), undefined);
  assert.equal(numberIn(""), undefined);
  assert.equal(numberIn("-6.5"), -6.5);
});
