import assert from "node:assert/strict";
import { test } from "node:test";
import { fitFontSize, fitMonospace } from "./fit-text.ts";

test("a text that fits is untouched; another ends in an ellipsis and fits too", () => {
  assert.equal(fitMonospace("·ball", 40, 7), "·ball");
  assert.equal(fitMonospace("·opposite", 42, 7), "·oppo…");
  assert.equal(fitMonospace("·opposite", 9, 7), "");
});

test("characters outside the basic plane count once", () => {
  assert.equal(fitMonospace("😀😀😀", 21, 7), "😀😀😀");
});

test("font size falls only as far as it must", () => {
  assert.equal(fitFontSize(3, 60, 12, 9), 12);
  assert.equal(fitFontSize(100, 60, 12, 9), 9);
  const size = fitFontSize(9, 57, 12, 9);
  assert.ok(size < 12 && size * 9 * 0.6 <= 57.0001);
});
