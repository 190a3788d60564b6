import assert from "node:assert/strict";
import { test } from "node:test";
import { setImmediate as tick } from "node:timers/promises";
import { createFairQueue } from "./fair-queue.ts";

const never = new AbortController().signal;

test("one call at a time, clients in turn, each client's calls in order", async () => {
  const queue = createFairQueue();
  const order: string[] = [];
  let running = 0;
  const call = (client: string, name: string) =>
    queue.run(client, never, async () => {
      assert.equal(++running, 1);
      order.push(name);
      await tick();
      running--;
    });
  await Promise.all([
    call("a", "a1"),
    call("a", "a2"),
    call("a", "a3"),
    call("b", "b1"),
    call("c", "c1"),
    call("b", "b2"),
  ]);
  assert.deepEqual(order, ["a1", "a2", "b1", "c1", "a3", "b2"]);
  assert.deepEqual(queue.state(), { running: 0, waiting: 0 });
});

test("a failed call frees its slot, and an aborted one leaves without running", async () => {
  const queue = createFairQueue();
  const leave = new AbortController();
  let release: () => void = () => undefined;
  const first = queue.run("a", never, () => new Promise<void>((resolve) => (release = resolve)));
  let ran = false;
  const waiting = queue.run("b", leave.signal, async () => {
    ran = true;
  });
  const failing = queue.run("c", never, () => Promise.reject(new Error("broken")));
  assert.deepEqual(queue.state(), { running: 1, waiting: 2 });
  leave.abort(new Error("gone"));
  await assert.rejects(waiting, /gone/);
  assert.deepEqual(queue.state(), { running: 1, waiting: 1 });
  release();
  await first;
  await assert.rejects(failing, /broken/);
  assert.equal(await queue.run("a", never, async () => 3), 3);
  assert.equal(ran, false);
  await assert.rejects(
    queue.run("a", leave.signal, async () => 1),
    /gone/,
  );
});

test("more slots run more calls", async () => {
  const queue = createFairQueue({ slots: 2 });
  const releases: (() => void)[] = [];
  const calls = [1, 2, 3].map(() =>
    queue.run("a", never, () => new Promise<void>((resolve) => releases.push(resolve))),
  );
  assert.deepEqual(queue.state(), { running: 2, waiting: 1 });
  for (const _ of calls) {
    await tick();
    releases.shift()?.();
  }
  await Promise.all(calls);
  assert.deepEqual(queue.state(), { running: 0, waiting: 0 });
});
