import assert from "node:assert/strict";
import { test } from "node:test";
import { factsRequest, readFactLines, readFactsView } from "./facts-view.ts";

test("lines are divided by bars or tabs, and answers get their space", () => {
  const { prompts, problem } = readFactLines("The queen was sad because | queen | she\n\nA king\tking\t^ily\t#12\n");
  assert.equal(problem, undefined);
  assert.deepEqual(prompts, [
    { text: "The queen was sad because", subject: "queen", answer: " she" },
    { text: "A king", subject: "king", answer: "ily", topic: 12 },
  ]);
});

test("what is wrong is said with its line", () => {
  assert.match(readFactLines("a | b").problem ?? "", /Line 1/);
  assert.match(readFactLines("The cat | cat | it\nThe cat | dog | it").problem ?? "", /Line 2.*dog/);
  assert.match(readFactLines(" \n").problem ?? "", /at least one/);
  assert.match(readFactLines("a | a | b | c | d").problem ?? "", /Line 1/);
});

test("a first visit can be asked", () => {
  assert.equal(
    factsRequest(
      "m",
      readFactsView(() => undefined),
    )?.prompts?.length,
    2,
  );
});
