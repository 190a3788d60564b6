import assert from "node:assert/strict";
import { test } from "node:test";
import { GraphBuilder } from "@patchbay/onnx-graph";
import { MemoryBudget } from "./memory-budget.ts";
import { float32Tensor } from "./onnx-runtime.ts";
import { fixtureFolder, openFixture } from "./testing/fixture-model.ts";
import { openFolder } from "./testing/installed-models.ts";
import { assertSameNumbers, editOf, indices, logitsOf, observe } from "./testing/observe.ts";

const BYTES = 4000;

/** y = x + constant; the constant weighs `BYTES`. */
function graph(value: number) {
  const g = new GraphBuilder("sum");
  const x = g.input("x", "float32", [1000]);
  g.output(g.add(x, g.float32("constant", [1000], new Float32Array(1000).fill(value)), "y"), "float32", [1000]);
  return g.build();
}

function counted(limit: number) {
  const budget = new MemoryBudget(limit, { threads: 1 });
  const opened: string[] = [];
  const use = (key: string, value = 1) =>
    budget.lease("model", key, () => {
      opened.push(key);
      return graph(value);
    });
  return { budget, opened, use };
}

test("a session is opened once, and the least recently used goes first", async () => {
  const { budget, opened, use } = counted(2 * BYTES);
  for (const key of ["a", "b", "a", "c", "a", "b"]) (await use(key)).done();
  assert.deepEqual(opened, ["a", "b", "c", "b"]);
  assert.equal(budget.usedBytes(), 2 * BYTES);
});

test("a session in use is never closed; without room for another the budget says so", async () => {
  const { budget, opened, use } = counted(2 * BYTES);
  const [a, b] = [await use("a", 1), await use("b", 2)];
  await assert.rejects(use("c"), { code: "memory-exhausted" });
  assert.throws(() => budget.reserve(1), { code: "memory-exhausted" });
  const { y } = await a.session.run({ x: float32Tensor(new Float32Array(1000), [1000]) }, ["y"]);
  assert.equal(y?.data[999], 1);
  a.done();
  const c = await use("c", 3);
  // The first attempt at c was refused after its graph was built.
  assert.deepEqual(opened, ["a", "b", "c", "c"]);
  b.done();
  c.done();
});

test("a graph larger than the whole budget is refused", async () => {
  const { use } = counted(BYTES - 1);
  await assert.rejects(use("a"), { code: "memory-exhausted" });
});

test("a reservation pushes idle sessions out, and is given back once", async () => {
  const { budget, opened, use } = counted(2 * BYTES);
  (await use("a")).done();
  (await use("b")).done();
  const release = budget.reserve(BYTES);
  assert.equal(budget.usedBytes(), 2 * BYTES);
  assert.equal(budget.usedBytes("model"), BYTES);
  release();
  release();
  assert.equal(budget.usedBytes(), BYTES);
  (await use("b")).done();
  assert.deepEqual(opened, ["a", "b"], "the older of the two was closed");
});

test("two who want the same session at once share it", async () => {
  const { opened, use } = counted(BYTES);
  const leases = await Promise.all([use("a"), use("a")]);
  assert.deepEqual(opened, ["a"]);
  assert.equal(leases[0]?.session, leases[1]?.session);
});

test("a graph that the runtime refuses leaves nothing behind", async () => {
  const { budget, use } = counted(4 * BYTES);
  const broken = () => {
    const g = new GraphBuilder("broken");
    g.output(g.node("NoSuchOperator", [g.input("x", "float32", [1])]), "float32", [1]);
    return g.build();
  };
  await assert.rejects(budget.lease("model", "bad", broken), { code: "unsupported-model" });
  assert.equal(budget.usedBytes(), 0);
  (await use("a")).done();
});

test("an engine with room for barely one stage computes the same", async () => {
  const { engine, tokens } = await openFixture("tiny-llama");
  const edits = [editOf({ kind: "mlp.hook_post", layer: 1 }, { units: [3], offset: 1 })];
  const bare = await observe(engine, tokens);
  const edited = await logitsOf(engine, tokens, edits);
  const allBytes = engine.loadedBytes();
  const limit = Math.ceil(allBytes / 4);
  const { engine: small } = await openFolder(fixtureFolder("tiny-llama"), { memoryInBytes: limit, threads: 1 });
  for (let round = 0; round < 2; round++) {
    const again = await observe(small, tokens);
    for (const [name, value] of bare.sites) assertSameNumbers(again.sites.get(name), value, name);
    assertSameNumbers(await logitsOf(small, tokens, edits), edited, "edited logits");
    assert.ok(small.loadedBytes() <= limit, `${small.loadedBytes()} of ${limit}`);
  }
  const passes = await Promise.all(indices(3).map(() => logitsOf(small, tokens)));
  for (const logits of passes) assertSameNumbers(logits, bare.logits, "passes at the same time");
});

test("a cache that does not fit is refused, and its room comes back", async () => {
  const { engine } = await openFolder(fixtureFolder("tiny-llama"), { memoryInBytes: 100_000, threads: 1 });
  const { layers, keyValueHeads, headWidth } = engine.model.shape;
  const position = 2 * 4 * layers * keyValueHeads * headWidth;
  const cache = engine.newCache(1, Math.floor(90_000 / position));
  assert.throws(() => engine.newCache(1, Math.floor(20_000 / position)), { code: "memory-exhausted" });
  cache.release();
  cache.release();
  engine.newCache(1, Math.floor(20_000 / position)).release();
});

test("an unloaded model runs again; sessions in use stay until they are done", async () => {
  const { engine, tokens } = await openFixture("tiny-gpt2");
  const before = await logitsOf(engine, tokens);
  const loaded = engine.loadedBytes();
  assert.ok(loaded > 0);
  assert.equal(await engine.unload(), loaded);
  assert.equal(engine.loadedBytes(), 0);
  const [during] = await Promise.all([logitsOf(engine, tokens), engine.unload(), engine.unload()]);
  assertSameNumbers(during, before, "while unloading");
  assertSameNumbers(await logitsOf(engine, tokens), before, "afterwards");
});
