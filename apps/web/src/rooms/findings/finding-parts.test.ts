import assert from "node:assert/strict";
import { test } from "node:test";
import { pairUp } from "./finding-parts.ts";

const run = (name: string, interventions: readonly unknown[], question = "lens") => ({ name, interventions, question });
const pairs = (items: ReturnType<typeof run>[]) =>
  pairUp(items, (a, b) => a.question === b.question).map(({ before, after }) => [before.name, after?.name]);

test("a run that intervenes goes with the one that does not", () => {
  assert.deepEqual(pairs([run("before", []), run("after", [1])]), [["before", "after"]]);
});

test("different questions are not compared", () => {
  assert.deepEqual(pairs([run("before", []), run("detail", [1], "ledger")]), [
    ["before", undefined],
    ["detail", undefined],
  ]);
});

test("each question has its own pair, in the order of the finding", () => {
  const items = [run("a", []), run("x", [], "ledger"), run("b", [1]), run("y", [1], "ledger"), run("c", [2])];
  assert.deepEqual(pairs(items), [
    ["a", "b"],
    ["x", "y"],
    ["c", undefined],
  ]);
});
