import assert from "node:assert/strict";
import { test } from "node:test";
import { effectSentence } from "./effect-sentence.ts";

const effect = (meanKl: number, kls: number[]) => ({
  examples: [],
  meanKl,
  meanLossChange: 0.25,
  random: { units: kls.map((_, i) => i), meanKl: 0.01, meanLossChange: -0.001, kls },
});

test("the sentence says how many random units it beats, and when it beats none", () => {
  assert.match(
    effectSentence(effect(0.5, [0.1, 0.2])),
    /^Loss \+0\.250 nats, KL 0\.500 .*every one of 2 random units\.$/,
  );
  assert.match(effectSentence(effect(0.15, [0.1, 0.2])), /More than 1 of 2 random units\.$/);
  assert.match(effectSentence(effect(0.05, [0.1, 0.2])), /not special\.$/);
  assert.match(effectSentence(effect(0.05, [])), /no other unit of the source fires there/);
});
