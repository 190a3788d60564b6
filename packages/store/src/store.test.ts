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
    const seen = await collect(store.jobs.watch(late.job.id, AbortSignal.timeout(5000)));
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
    await collect(store.jobs.watch(id, AbortSignal.timeout(5000)));
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
    const seen = await collect(store.jobs.watch(job.id, AbortSignal.timeout(5000)));
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
    const seen = await collect(store.jobs.watch(job.id, AbortSignal.timeout(5000)));
    assert.deepEqual([seen.at(-1)?.state, seen.at(-1)?.result], ["done", { runs: 2 }]);
  });

  async function waitForState(id: string, state: string): Promise<void> {
    for await (const job of store.jobs.watch(id, AbortSignal.timeout(5000))) if (job.state === state) return;
    assert.fail(`the job never was ${state}`);
  }
}

async function collect(jobs: AsyncIterable<JobRecord>): Promise<JobRecord[]> {
  const seen: JobRecord[] = [];
  for await (const job of jobs) seen.push(job);
  return seen;
}

function untilAborted(signal: AbortSignal): Promise<never> {
  return new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason), { once: true }));
}
