import assert from "node:assert/strict";
import { test } from "node:test";
import { evaluationRequest, readEvaluationView, readExampleLines } from "./evaluation-view.ts";

test("an example is a prompt with its metric, and perhaps a corrupted prompt", () => {
  const { examples, problem } = readExampleLines("Tom gave a ball to | L | Tom | Lily gave a ball to\nShe | was");
  assert.equal(problem, undefined);
  assert.deepEqual(examples, [
    {
      input: { text: "Tom gave a ball to" },
      metric: { kind: "logit-difference", token: " L", minus: " Tom" },
      corrupted: { text: "Lily gave a ball to" },
    },
    { input: { text: "She" }, metric: { kind: "logit", token: " was" } },
  ]);
});

test("a line without an answer is refused with its number", () => {
  assert.match(readExampleLines("a | b\nc").problem ?? "", /Line 2/);
  assert.equal(evaluationRequest("m", "id", { ...readEvaluationView(() => undefined), lines: "" }), undefined);
});

test("a first visit can be asked, and numbers out of range are left out", () => {
  const view = readEvaluationView((name) => (name === "random" ? "9999" : undefined));
  assert.equal(view.random, 16);
  assert.equal(evaluationRequest("m", "id", view)?.examples.length, 4);
});
