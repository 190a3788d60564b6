/** Cancelling, and taking turns, seen from the engine: who gets the processor, and when a cancelled pass stops. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Engine } from "@patchbay/transformer";
import { createEngine } from "./engine.ts";
import { MemoryBudget } from "./memory-budget.ts";
import { fixture, type ModelUnderTest } from "./testing/each-model.ts";
import { assertSameNumbers, indices } from "./testing/observe.ts";
import { TurnQueue } from "./turn-queue.ts";

/** Notes whose signal each turn had, and raises a hand after some of them. */
class WatchedQueue extends TurnQueue {
  readonly turns: (AbortSignal | undefined)[] = [];
  afterTurn: (turns: number) => void = () => undefined;

  override take<Result>(work: () => Promise<Result>, signal?: AbortSignal): Promise<Result> {
    return super.take(async () => {
      this.turns.push(signal);
      const result = await work();
      this.afterTurn(this.turns.length);
      return result;
    }, signal);
  }
}

async function watched(): Promise<{ engine: Engine; queue: WatchedQueue; tokens: ModelUnderTest["tokens"] }> {
  const { engine: opened, tokens } = await fixture("tiny-llama");
  const queue = new WatchedQueue();
  const engine = createEngine(opened.model, { budget: new MemoryBudget(2 ** 30, { threads: 1 }), turns: queue });
  return { engine, queue, tokens };
}

test("two long passes advance block by block in alternation", async () => {
  const { engine, queue, tokens } = await watched();
  await engine.forward({ tokens });
  queue.turns.length = 0;
  const [first, second] = [new AbortController().signal, new AbortController().signal];
  const results = await Promise.all([
    engine.forward({ tokens, signal: first }),
    engine.forward({ tokens, signal: second }),
  ]);
  // Embedding and three blocks each.
  const expected = indices(8).map((turn) => (turn % 2 === 0 ? first : second));
  assert.deepEqual(
    queue.turns.map((signal) => (signal === first ? 1 : 2)),
    expected.map((signal) => (signal === first ? 1 : 2)),
  );
  assertSameNumbers(results[0]?.residual, results[1]?.residual, "residual");
  assert.equal(queue.length, 0);
});

test("a pass cancelled in the middle stops at the next block, and the engine goes on", async () => {
  const { engine, queue, tokens } = await watched();
  const whole = await engine.forward({ tokens });
  queue.turns.length = 0;
  const controller = new AbortController();
  queue.afterTurn = (turns) => {
    if (turns === 2) controller.abort();
  };
  await assert.rejects(engine.forward({ tokens, signal: controller.signal }), { code: "cancelled" });
  assert.equal(queue.turns.length, 2);
  queue.afterTurn = () => undefined;
  assertSameNumbers((await engine.forward({ tokens })).residual, whole.residual, "the next pass");
});

test("a pass that is already cancelled takes no turn", async () => {
  const { engine, queue, tokens } = await watched();
  const signal = AbortSignal.abort();
  await assert.rejects(engine.forward({ tokens, signal }), { code: "cancelled" });
  const { residual } = await engine.forward({ tokens });
  queue.turns.length = 0;
  await assert.rejects(engine.unembed({ residual, positions: indices(11), signal }), { code: "cancelled" });
  assert.equal(queue.turns.length, 0);
});

test("a cache survives a pass that was cancelled half way", async () => {
  const { engine, queue, tokens } = await watched();
  const [row = []] = tokens;
  const cache = engine.newCache(1);
  await engine.forward({ tokens: [row.slice(0, 5)], cache });
  const controller = new AbortController();
  const before = queue.turns.length;
  queue.afterTurn = (turns) => {
    if (turns === before + 3) controller.abort();
  };
  await assert.rejects(engine.forward({ tokens: [row.slice(5)], cache, signal: controller.signal }), {
    code: "cancelled",
  });
  assert.equal(cache.length, 5);
  queue.afterTurn = () => undefined;
  const again = await engine.forward({ tokens: [row.slice(5)], cache });
  const fresh = engine.newCache(1);
  await engine.forward({ tokens: [row.slice(0, 5)], cache: fresh });
  assertSameNumbers(
    again.residual,
    (await engine.forward({ tokens: [row.slice(5)], cache: fresh })).residual,
    "residual",
  );
});
