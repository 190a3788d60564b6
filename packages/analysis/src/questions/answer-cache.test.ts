import assert from "node:assert/strict";
import { test } from "node:test";
import { AnswerCache, type AnswerKey } from "./answer-cache.ts";

const KEY: AnswerKey = { question: "sweep", request: { a: 1, b: [2] }, modelHash: "m", dictionaries: { d: "1" } };

function counted(cache: AnswerCache) {
  let computed = 0;
  return {
    ask: (key: AnswerKey, fresh = false) =>
      cache.answer(key, fresh, async () => ({ text: "x".repeat(100), n: ++computed })),
    get computed() {
      return computed;
    },
  };
}

test("the same question is computed once, whatever the order of its fields", async () => {
  const { ask } = counted(new AnswerCache());
  const first = await ask(KEY);
  assert.deepEqual(await ask({ ...KEY, request: { b: [2], a: 1 } }), first);
  assert.notEqual((await ask({ ...KEY, request: { a: 1, b: [3] } })).n, first.n);
});

test("another model, dictionary or question is another answer; a fresh one replaces what was held", async () => {
  const asked = counted(new AnswerCache());
  for (const key of [
    KEY,
    { ...KEY, modelHash: "n" },
    { ...KEY, dictionaries: { d: "2" } },
    { ...KEY, question: "edge" },
  ])
    await asked.ask(key);
  assert.equal(asked.computed, 4);
  assert.equal((await asked.ask(KEY, true)).n, 5);
  assert.equal((await asked.ask(KEY)).n, 5);
});

test("what has not been used for longest goes first, and nothing can be changed from outside", async () => {
  const asked = counted(new AnswerCache(250));
  const other = { ...KEY, modelHash: "n" };
  await asked.ask(KEY);
  await asked.ask(other);
  const held = await asked.ask(KEY);
  held.text = "changed";
  await asked.ask({ ...KEY, modelHash: "o" });
  assert.equal(asked.computed, 3);
  assert.equal((await asked.ask(KEY)).text.length, 100);
  await asked.ask(other);
  assert.equal(asked.computed, 4);
});

test("a failure is not kept", async () => {
  const cache = new AnswerCache();
  await assert.rejects(cache.answer(KEY, false, async () => Promise.reject(new Error("no"))));
  assert.equal(await cache.answer(KEY, false, async () => 7), 7);
});
