import assert from "node:assert/strict";
import { test } from "node:test";
import { verdictOf } from "./verdict.ts";

const at = (mean: number, low = mean, high = mean) => ({ mean, low, high });
const losses = {
  original: at(1),
  transcoder: at(1.1),
  rewritten: at(1.3),
  zeroed: at(1.5),
  meanAblation: at(2),
  zeroAblation: at(3),
};

test("the verdict says whether labels beat zeros, and how far", () => {
  assert.match(verdictOf("tokens", losses, at(-0.2, -0.3, -0.1)), /better than writing zeros.*50 % of the way/);
  assert.match(
    verdictOf("ngram", losses, at(-0.1, -0.3, 0.1)),
    /no better than writing zeros.*cannot be told from none/,
  );
  assert.match(verdictOf("regex", losses, at(0, 0, 0)), /no better/);
  assert.match(verdictOf("endpoint", losses, at(0.2, 0.1, 0.3)), /worse than writing zeros: \+0\.200/);
  assert.match(verdictOf("oracle", losses, at(-0.4)), /dictionary itself/);
  assert.match(verdictOf("empty", losses, at(0)), /writing zeros/);
});
