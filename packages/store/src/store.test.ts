/** The same suite on both databases. Postgres takes part when PATCHBAY_TEST_DATABASE_URL names an empty one. */
import assert from "node:assert/strict";
import { randomUUID } from "node:crypto";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { PatchbayError } from "@patchbay/vocabulary";
import type { JobContext, JobRecord } from "./job-queue/job.ts";
import { openStore, type Store } from "./open-store.ts";

const databaseUrl = process.env.PATCHBAY_TEST_DATABASE_URL;

describe("embedded database", () => suite(undefined));
describe("Postgres", { skip: databaseUrl === undefined && "PATCHBAY_TEST_DATABASE_URL is not set" }, () =>
  suite(databaseUrl),
);

test("with several slots, a resumed job waits until its paused run has saved", async (context) => {
  const home = await mkdtemp(join(tmpdir(), "patchbay-store-slots-"));
  const store = await openStore({ home, concurrency: 2 });
  context.after(async () => {
    await store.close();
    await rm(home, { recursive: true, force: true });
  });
  const order: string[] = [];
  let runs = 0;
  let save: () => void = () => undefined;
  const saved = new Promise<void>((resolve) => {
    save = resolve;
  });
  store.jobs.register("slow-saver", async (_, { signal }) => {
    const run = ++runs;
    order.push(`${run} begins`);
    if (run === 1) {
      await untilAborted(signal).catch(() => undefined);
      await saved;
    }
    order.push(`${run} ends`);
    signal.throwIfAborted();
    return {};
  });
  store.jobs.register("other", async () => {
    order.push("other");
    return {};
  });
  await store.jobs.start();
  const { job } = await store.jobs.create({ kind: "slow-saver", contentKey: "a", request: {} });
  for await (const { state } of store.jobs.watch(job.id, patience())) if (state === "running") break;
  await store.jobs.pause(job.id);
  await store.jobs.resume(job.id);
  // The other slot is free, as the job that it takes shows.
  const { job: other } = await store.jobs.create({ kind: "other", contentKey: "b", request: {} });
  await collect(store.jobs.watch(other.id, patience()));
  save();
  await collect(store.jobs.watch(job.id, patience()));
  assert.deepEqual(order, ["1 begins", "other", "1 ends", "2 begins", "2 ends"]);
});

function suite(url: string | undefined): void {
  let home = "";
  let store: Store;
  const open = () => openStore({ home, ...(url === undefined ? {} : { databaseUrl: url }) });
  const newKey = () => randomUUID();

  before(async () => {
    home = await mkdtemp(join(tmpdir(), "patchbay-store-"));
    store = await open();
  });
  after(async () => {
    await store.close();
    await rm(home, { recursive: true, force: true });
  });

  test("a snapshot comes back as it was, to the last bit and with any character", async () => {
    const id = newKey();
    const document = {
      numbers: [0.1, 1.5e-40, -1.7976931348623157e308, 5e-324],
      text: "\u0000 \ud800 é 𝄞",
      nothing: null,
    };
    const first = await store.snapshots.put({ id, summary: { title: "a\u0000b" }, document });
    const again = await store.snapshots.put({ id, summary: { title: "other" }, document: {} });
    assert.deepEqual(again, first, "the first one stays");
    assert.deepEqual((await store.snapshots.get(id))?.document, document);
    assert.equal(await store.snapshots.get("absent"), undefined);
  });

  test("snapshots are listed newest first, by page", async () => {
    const { total } = await store.snapshots.list({ offset: 0, limit: 1 });
    for (const name of ["one", "two", "three"]) {
      await store.snapshots.put({ id: newKey(), summary: { name }, document: {} });
      await sleep(3);
    }
    const page = await store.snapshots.list({ offset: 1, limit: 2 });
    assert.equal(page.total, total + 3);
    assert.deepEqual(
      page.rows.map((row) => row.summary),
      [{ name: "two" }, { name: "one" }],
    );
  });

  test("documents are listed by kind and model, kept once, and removed", async () => {
    const kind = newKey();
    const document = { text: "\u0000 \ud800", numbers: [5e-324, 0.1] };
    const put = (id: string, model: string | null) =>
      store.documents.put({ id, kind, model, title: id, summary: { id }, document });
    const ids = [newKey(), newKey(), newKey()] as const;
    const first = await put(ids[0], "a");
    assert.deepEqual(await put(ids[0], "b"), first, "the first one stays");
    await sleep(3);
    await put(ids[1], null);
    await sleep(3);
    await put(ids[2], "a");
    const listed = async (page: { model?: string; offset: number; limit: number }) => {
      const { total, rows } = await store.documents.list(kind, page);
      return [total, ...rows.map(({ id }) => id)];
    };
    assert.deepEqual(await listed({ offset: 0, limit: 2 }), [3, ids[2], ids[1]]);
    assert.deepEqual(await listed({ model: "a", offset: 1, limit: 9 }), [2, ids[0]]);
    assert.deepEqual((await store.documents.get(kind, ids[1]))?.document, document);
    assert.equal(await store.documents.get("other kind", ids[1]), undefined);
    assert.equal(await store.documents.remove("other kind", ids[1]), false);
    assert.equal(await store.documents.remove(kind, ids[1]), true);
    assert.equal(await store.documents.get(kind, ids[1]), undefined);
    assert.deepEqual(await listed({ offset: 0, limit: 9 }), [2, ids[2], ids[0]]);
    await assert.rejects(store.documents.put({ id: "z", kind, model: null, title: "\0", summary: {}, document }), {
      code: "invalid-request",
    });
  });

  test("jobs run in order of priority, tell their progress and keep their result", async () => {
    const order: unknown[] = [];
    store.jobs.register("count", async (request, { progress }) => {
      order.push(request);
      progress(0.5, "half");
      await sleep(150);
      return { counted: request };
    });
    const late = await store.jobs.create({
      kind: "count",
      contentKey: newKey(),
      request: { name: "late" },
      priority: 10,
    });
    const early = await store.jobs.create({ kind: "count", contentKey: newKey(), request: { name: "early" } });
    assert.equal(late.job.state, "queued");
    const background = { kind: "count", contentKey: newKey(), request: { name: "hastened" }, priority: 20 };
    await store.jobs.create(background);
    await store.jobs.create({ ...background, priority: -1 });
    await store.jobs.start();
    const seen = await collect(store.jobs.watch(late.job.id, patience()));
    assert.deepEqual(order, [{ name: "hastened" }, { name: "early" }, { name: "late" }]);
    assert.equal((await store.jobs.get(early.job.id))?.state, "done");
    assert.ok(seen.some(({ progress, message }) => progress === 0.5 && message === "half"));
    assert.deepEqual(seen.at(-1)?.result, { counted: { name: "late" } });
    assert.ok(seen.at(-1)?.finishedAt instanceof Date);
  });

  test("the same content is one job while it is queued, running or done, also when asked at the same moment", async () => {
    const job = { kind: "count", contentKey: newKey(), request: { name: "same" } };
    const answers = await Promise.all(Array.from({ length: 5 }, () => store.jobs.create(job)));
    assert.equal(new Set(answers.map((answer) => answer.job.id)).size, 1);
    assert.equal(answers.filter((answer) => answer.created).length, 1);
    const id = answers[0]?.job.id ?? "";
    await collect(store.jobs.watch(id, patience()));
    assert.equal((await store.jobs.create(job)).job.id, id, "done: the same");
    assert.notEqual((await store.jobs.create({ ...job, again: true })).job.id, id, "asked to run again");
  });

  test("a running job is cancelled through its signal; asking again starts anew", async () => {
    let aborted: unknown;
    store.jobs.register("endless", (_, { signal }) =>
      untilAborted(signal).catch((reason) => {
        aborted = reason;
        throw reason;
      }),
    );
    const job = { kind: "endless", contentKey: newKey(), request: {} };
    const { job: first } = await store.jobs.create(job);
    await waitForState(first.id, "running");
    assert.equal((await store.jobs.cancel(first.id))?.state, "cancelled");
    await sleep(50);
    assert.ok(aborted instanceof PatchbayError && aborted.code === "cancelled");
    const second = await store.jobs.create(job);
    assert.equal(second.created, true);
    await store.jobs.cancel(second.job.id);
    assert.equal((await store.jobs.cancel(second.job.id))?.state, "cancelled");
    assert.equal(await store.jobs.cancel("absent"), undefined);
  });

  test("a failure is stored with its code", async () => {
    store.jobs.register("refused", () => Promise.reject(new PatchbayError("not-ready", "No map yet.")));
    const { job } = await store.jobs.create({ kind: "refused", contentKey: newKey(), request: {} });
    const seen = await collect(store.jobs.watch(job.id, patience()));
    assert.equal(seen.at(-1)?.state, "failed");
    assert.deepEqual(seen.at(-1)?.problem, { code: "not-ready", detail: "No map yet." });
  });

  test("a stopped queue puts its running job back, and the next start runs it", async () => {
    let runs = 0;
    const interruptedOnce = async (_: object, { signal }: JobContext) => {
      runs++;
      if (runs === 1) await untilAborted(signal);
      return { runs };
    };
    store.jobs.register("interrupted", interruptedOnce);
    const { job } = await store.jobs.create({ kind: "interrupted", contentKey: newKey(), request: {} });
    await waitForState(job.id, "running");
    await store.close();
    store = await open();
    assert.equal((await store.jobs.get(job.id))?.state, "queued");
    store.jobs.register("interrupted", interruptedOnce);
    await store.jobs.start();
    const seen = await collect(store.jobs.watch(job.id, patience()));
    assert.deepEqual([seen.at(-1)?.state, seen.at(-1)?.result], ["done", { runs: 2 }]);
  });

  test("a paused job saves, stays paused over a restart, is answered when asked again, and is resumed to its end", async () => {
    const begun: number[] = [];
    let saved = 0;
    let mayEnd = false;
    const resumable = async (_: object, { signal, progress }: JobContext) => {
      begun.push(saved);
      progress(0.25 + saved / 10, "working", { points: [saved] });
      if (!mayEnd) {
        await untilAborted(signal).catch((reason) => {
          assert.match(String(reason), /paused/);
        });
        saved++;
        progress(0.25 + saved / 10, "saved", { points: [saved, 0.5] });
        signal.throwIfAborted();
      }
      return { saved };
    };
    store.jobs.register("resumable", resumable);
    const job = { kind: "resumable", contentKey: newKey(), request: {} };
    const { job: first } = await store.jobs.create(job);
    await waitForState(first.id, "running");
    assert.equal((await store.jobs.pause(first.id))?.state, "paused");
    assert.equal((await store.jobs.pause(first.id))?.state, "paused");
    const again = await store.jobs.create(job);
    assert.deepEqual([again.created, again.job.id, again.job.state], [false, first.id, "paused"]);
    assert.equal((await store.jobs.create({ ...job, again: true })).job.id, first.id);

    // Resumed at once: the second run begins after the first has saved.
    await store.jobs.resume(first.id);
    await waitForState(first.id, "running");
    assert.deepEqual(begun, [0, 1]);
    await store.jobs.pause(first.id);
    await store.close();
    store = await open();
    store.jobs.register("resumable", resumable);
    await store.jobs.start();
    const kept = await store.jobs.get(first.id);
    assert.deepEqual(
      [kept?.state, kept?.finishedAt, saved, begun.length],
      ["paused", undefined, 2, 2],
      "a restart does not start it",
    );

    mayEnd = true;
    await store.jobs.resume(first.id);
    const seen = await collect(store.jobs.watch(first.id, patience()));
    assert.deepEqual([seen.at(-1)?.state, seen.at(-1)?.result], ["done", { saved: 2 }]);
    assert.equal(seen.at(-1)?.details, undefined, "the result says it all");
    assert.equal((await store.jobs.resume(first.id))?.state, "done");
    assert.equal((await store.jobs.pause(first.id))?.state, "done");
    assert.equal(await store.jobs.pause("absent"), undefined);
    assert.equal(await store.jobs.resume("absent"), undefined);
  });

  test("what a paused job showed is kept: its progress, message and details", async () => {
    store.jobs.register("shown", async (_, { signal, progress }) => {
      progress(0.4, "step 4", { loss: [0.5, 1.5e-40] });
      progress(0.5, "step 5");
      await untilAborted(signal);
      return {};
    });
    const { job } = await store.jobs.create({ kind: "shown", contentKey: newKey(), request: {} });
    await waitForState(job.id, "running");
    assert.deepEqual((await store.jobs.get(job.id))?.details, { loss: [0.5, 1.5e-40] }, "live");
    await store.jobs.pause(job.id);
    await store.close();
    store = await open();
    await store.jobs.start();
    const kept = await store.jobs.get(job.id);
    assert.deepEqual(
      [kept?.state, kept?.progress, kept?.message, kept?.details],
      ["paused", 0.5, "step 5", { loss: [0.5, 1.5e-40] }],
    );
    assert.equal((await store.jobs.cancel(job.id))?.state, "cancelled");
    assert.equal((await store.jobs.resume(job.id))?.state, "cancelled");
  });

  test("a queued job that is paused stays aside, and others pass it", async () => {
    const ran: unknown[] = [];
    store.jobs.register("aside", async (request) => {
      ran.push(request);
      return {};
    });
    await store.jobs.stop();
    const { job: aside } = await store.jobs.create({ kind: "aside", contentKey: newKey(), request: { name: "aside" } });
    const { job: other } = await store.jobs.create({ kind: "aside", contentKey: newKey(), request: { name: "other" } });
    assert.equal((await store.jobs.pause(aside.id))?.state, "paused");
    await store.jobs.start();
    await collect(store.jobs.watch(other.id, patience()));
    assert.deepEqual(ran, [{ name: "other" }]);
    assert.equal((await store.jobs.resume(aside.id))?.state === "paused", false);
    await collect(store.jobs.watch(aside.id, patience()));
    assert.deepEqual(ran, [{ name: "other" }, { name: "aside" }]);
  });

  test("a job that has no room on the disk fails and says so", async () => {
    const full = Object.assign(new Error("write"), { code: "ENOSPC" });
    store.jobs.register("full", () => Promise.reject(full));
    const { job } = await store.jobs.create({ kind: "full", contentKey: newKey(), request: {} });
    const seen = await collect(store.jobs.watch(job.id, patience()));
    assert.match(seen.at(-1)?.problem?.detail ?? "", /disk is full/);
  });

  test("labels belong to a model's hash, are replaced, and are removed by an empty one", async () => {
    const labels = store.labels(newKey());
    await labels.set("blocks.3.mlp.hook_post", 7, "names of girls");
    await labels.set("transcoder.3", 2, "é \u{1d11e}");
    await labels.set("blocks.3.mlp.hook_post", 7, "names");
    assert.deepEqual(await labels.list(), [
      { source: "blocks.3.mlp.hook_post", unit: 7, label: "names" },
      { source: "transcoder.3", unit: 2, label: "é \u{1d11e}" },
    ]);
    assert.deepEqual(await store.labels(newKey()).list(), []);
    await labels.set("blocks.3.mlp.hook_post", 7, "");
    await labels.set("blocks.3.mlp.hook_post", 8, "");
    assert.equal((await labels.list()).length, 1);
    await assert.rejects(labels.set("transcoder.3", 2, "a\u0000b"), { code: "invalid-request" });
  });

  async function waitForState(id: string, state: string): Promise<void> {
    for await (const job of store.jobs.watch(id, patience())) if (job.state === state) return;
    assert.fail(`the job never was ${state}`);
  }
}

/** Long enough for a machine that does other work as well. */
function patience(): AbortSignal {
  return AbortSignal.timeout(60_000);
}

async function collect(jobs: AsyncIterable<JobRecord>): Promise<JobRecord[]> {
  const seen: JobRecord[] = [];
  for await (const job of jobs) seen.push(job);
  return seen;
}

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));
}
