import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as wait } from "node:timers/promises";
import { TurnQueue } from "./turn-queue.ts";

test("one turn at a time, in the order asked", async () => {
  const queue = new TurnQueue();
  const log: string[] = [];
  const turn = (name: string, milliseconds: number) =>
    queue.take(async () => {
      log.push(`${name} begins`);
      await wait(milliseconds);
      log.push(`${name} ends`);
      return name;
    });
  assert.deepEqual(await Promise.all([turn("a", 8), turn("b", 1), turn("c", 0)]), ["a", "b", "c"]);
  assert.deepEqual(log, ["a begins", "a ends", "b begins", "b ends", "c begins", "c ends"]);
  assert.equal(queue.length, 0);
});

test("work that takes many turns alternates with other work", async () => {
  const queue = new TurnQueue();
  const log: string[] = [];
  const job = async (name: string) => {
    for (let turn = 0; turn < 3; turn++) await queue.take(async () => void log.push(name));
  };
  await Promise.all([job("a"), job("b")]);
  assert.deepEqual(log, ["a", "b", "a", "b", "a", "b"]);
});

test("a failure passes the turn on", async () => {
  const queue = new TurnQueue();
  const failing = queue.take(async () => {
    throw new Error("no");
  });
  const next = queue.take(async () => "yes");
  await assert.rejects(failing, /no/);
  assert.equal(await next, "yes");
});

test("who is cancelled while waiting never works, and does not hold up the others", async () => {
  const queue = new TurnQueue();
  const controller = new AbortController();
  let worked = false;
  const first = queue.take(() => wait(5));
  const second = queue.take(async () => {
    worked = true;
  }, controller.signal);
  const third = queue.take(async () => "third");
  assert.equal(queue.length, 3);
  controller.abort();
  await assert.rejects(second, { code: "cancelled" });
  assert.equal(worked, false);
  await first;
  assert.equal(await third, "third");
});
