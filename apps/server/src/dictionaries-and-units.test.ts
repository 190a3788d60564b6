/** The operations on dictionaries, units and the jobs around them, over a real socket, with a real store and a fake model. */
import assert from "node:assert/strict";
import { mkdtemp, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import type { JobRequestOf } from "@patchbay/contract";
import { FAKE_NEURONS } from "./testing/fake-dictionaries.ts";
import { type FakeServer, startFakeServer } from "./testing/fake-server.ts";

const events: string[] = [];
let server: FakeServer;
let origin = "";

before(async () => {
  server = await startFakeServer({ jobMilliseconds: 40, observe: (event) => events.push(event) });
  origin = new URL(server.url).origin;
});
after(() => server.remove());

const params = { model: "fake" };
const problemOf = async (path: string, init: RequestInit = {}) => {
  const answer = await fetch(`${origin}/api/v1${path}`, init);
  assert.equal(answer.headers.get("content-type"), "application/problem+json");
  return answer.json();
};
const training = (name: string): JobRequestOf<"train-dictionary"> => ({
  kind: "train-dictionary",
  model: "fake",
  targets: [
    { name, kind: "sae", inputSite: "blocks.0.hook_resid_post", features: 16, sparsity: { kind: "topk", k: 2 } },
  ],
  corpus: { kind: "samples" },
  tokens: 1000,
});

test("dictionaries are listed, shown and compared, and a bundled one cannot be removed", async () => {
  const { dictionaries } = await server.client.listDictionaries({ params });
  assert.deepEqual(
    dictionaries.map(({ name }) => name),
    ["tc.0", "tc.1"],
  );
  const page = await server.client.getDictionary({ params: { ...params, dictionary: "tc.0" } });
  assert.deepEqual([page.name, page.quality?.l0, page.caveats], ["tc.0", 2, ["A fake."]]);
  const feature = { ...params, dictionary: "tc.0", feature: 1 };
  assert.equal((await server.client.getFeature({ params: feature })).previous, 0);
  const comparison = await server.client.compareDictionaries({ body: { ...params, left: "tc.0", right: "tc.1" } });
  assert.deepEqual([comparison.vectors, comparison.threshold, comparison.shared], ["both", 0.7, 1]);
  assert.ok(events.includes("compare tc.0 tc.1 ends"));
  await assert.rejects(server.client.removeDictionary({ params: { ...params, dictionary: "tc.0" } }), {
    code: "conflict",
  });
});

test("what is not there, and what is no request, is a problem with its place", async () => {
  const absent = await problemOf("/models/fake/dictionaries/tc.9");
  assert.deepEqual([absent.status, absent.code, absent.expected], [404, "not-found", "one of tc.0, tc.1"]);
  assert.equal((await problemOf("/models/absent/dictionaries")).code, "unknown-model");
  assert.equal((await problemOf("/models/fake/dictionaries/tc.0/features/7")).code, "unit-out-of-range");
  assert.equal((await problemOf("/models/fake/dictionaries/tc.0/features/x")).status, 422);
  assert.equal((await problemOf("/models/fake/dictionaries/..%2Fx")).status, 422);
  assert.equal((await problemOf("/models/fake/units?dead=maybe")).status, 422);
  const comparison = JSON.stringify({ model: "fake", left: "tc.0", right: "tc.1", threshold: 2 });
  const refused = await problemOf("/dictionary-comparisons", { method: "POST", body: comparison });
  assert.deepEqual([refused.code, refused.at], ["invalid-request", "threshold"]);
});

test("units are found, shown and tried by their source, dots and all", async () => {
  const unit = { ...params, source: FAKE_NEURONS, unit: 1 };
  assert.equal((await server.client.getUnit({ params: unit, query: { examples: 3 } })).source, FAKE_NEURONS);
  assert.ok(events.includes(`unit ${FAKE_NEURONS} 1 3 ends`), "the number of examples is passed on");
  const units = await server.client.listUnits({ params, query: { limit: 2, offset: 1 } });
  assert.deepEqual([units.total, units.rows.length, units.sources.length], [6, 2, 3]);
  const found = await server.client.searchUnitsByText({ params, body: { text: "a girl" } });
  assert.deepEqual(found.rows[0]?.activations, [6]);
  const effect = await server.client.unitEffect({ body: { ...params, source: "tc.0", unit: 0 } });
  assert.equal(effect.meanKl, 0.5);
  assert.equal((await problemOf(`/models/fake/units/${FAKE_NEURONS}/9`)).code, "unit-out-of-range");
  assert.equal((await problemOf("/models/fake/units/blocks.9.nothing/0")).code, "unknown-site");
  const tooLong = { method: "POST", body: JSON.stringify({ label: "x".repeat(201) }) };
  assert.equal((await problemOf(`/models/fake/units/${FAKE_NEURONS}/1/label`, tooLong)).at, "label");
});

test("a label is set, found and removed", async () => {
  const unit = { ...params, source: FAKE_NEURONS, unit: 0 };
  assert.deepEqual(await server.client.labelUnit({ params: unit, body: { label: "names" } }), { label: "names" });
  assert.equal((await server.client.getUnit({ params: unit, query: {} })).label, "names");
  assert.equal((await server.client.listUnits({ params, query: { label: "name" } })).total, 1);
  assert.deepEqual(await server.client.labelUnit({ params: unit, body: { label: "" } }), { label: null });
});

test("a training is paused, stays so when asked for again, and is resumed from where it was", async () => {
  const body = training("mine");
  const { id } = await server.client.createJob({ body });
  for await (const { details } of server.client.watchJob(id)) if (details !== null) break;
  assert.equal((await server.client.pauseJob({ params: { id } })).state, "paused");
  const again = await server.client.createJob({ body });
  assert.deepEqual([again.id, again.state], [id, "paused"]);
  const kept = await server.client.getJob({ params: { id } });
  assert.ok(kept.progress > 0 && kept.finishedAt === null);
  assert.match(JSON.stringify(kept.details), /"phase":"training"/);

  await server.client.resumeJob({ params: { id } });
  let last = kept;
  for await (const job of server.client.watchJob(id)) last = job;
  assert.deepEqual([last.state, last.details], ["done", null]);
  assert.equal(events.filter((event) => event === "train mine 1 ends").length, 1, "the first step is not done twice");
  await assert.rejects(server.client.pauseJob({ params: { id: "absent" } }), { code: "not-found" });
  await assert.rejects(server.client.resumeJob({ params: { id: "absent" } }), { code: "not-found" });
});

test("a training that is done is answered, until its dictionary is removed", async () => {
  const body = training("twice");
  const first = await finish(body);
  assert.equal((await server.client.createJob({ body })).id, first);
  const dictionary = { ...params, dictionary: "twice" };
  assert.deepEqual(await server.client.removeDictionary({ params: dictionary }), { removed: "twice" });
  assert.notEqual(await finish(body), first);
});

test("a job on a dictionary belongs to its hash, and one that names none that is there is refused at once", async () => {
  const dark = { kind: "dark-matter" as const, model: "fake", dictionary: "tc.0" };
  assert.equal(await finish(dark), await finish(dark));
  assert.notEqual(await finish({ ...dark, wider: "tc.1" }), await finish(dark));
  await assert.rejects(server.client.createJob({ body: { ...dark, dictionary: "tc.9" } }), {
    code: "not-found",
    at: "dictionary",
  });
  const quality = { kind: "dictionary-quality" as const, model: "fake" };
  const measured = await finish(quality);
  assert.equal(await finish(quality), measured, "measured: the same");
  await finish(training("another"));
  assert.notEqual(await finish(quality), measured, "one more dictionary is another measurement");
  const { dictionaries } = await server.client.listDictionaries({ params });
  assert.ok(dictionaries.every((each) => each.quality !== null));
  const rewrite = { kind: "rewrite" as const, model: "fake", dictionary: "tc.0" };
  assert.equal(
    await finish({ ...rewrite, simulator: { kind: "empty" } }),
    await finish({ ...rewrite, simulator: { kind: "empty" } }),
  );
  assert.notEqual(
    await finish({ ...rewrite, simulator: { kind: "endpoint" } }),
    await finish({ ...rewrite, simulator: { kind: "endpoint" } }),
  );
});

test("an index over a file is another one when the file has changed", async (context) => {
  const folder = await mkdtemp(join(tmpdir(), "patchbay-corpus-"));
  context.after(() => rm(folder, { recursive: true, force: true }));
  const corpus = join(folder, "texts.txt");
  const body = { kind: "unit-index" as const, model: "fake", sources: ["tc.0"], corpus };
  await assert.rejects(server.client.createJob({ body }), { code: "file-not-found" });
  await writeFile(corpus, "One day\n");
  const first = await finish(body);
  assert.equal(await finish(body), first);
  await utimes(corpus, 1, 1);
  assert.notEqual(await finish(body), first);
});

test("neither quality nor index is computed unasked", async () => {
  const fresh = await startFakeServer({ name: "other", jobMilliseconds: 4 });
  try {
    await Promise.all([fresh.ready, fresh.installed]);
    for (const kind of ["neuron-map", "reference-statistics"] as const) {
      const { id } = await fresh.client.createJob({ body: { kind, model: "other" } });
      for await (const _ of fresh.client.watchJob(id));
    }
    const { jobs } = await fresh.client.listJobs();
    assert.equal(jobs.length, 2);
  } finally {
    await fresh.remove();
  }
});

async function finish(body: Parameters<FakeServer["client"]["createJob"]>[0]["body"]): Promise<string> {
  const { id } = await server.client.createJob({ body });
  let state = "";
  for await (const job of server.client.watchJob(id)) state = job.state;
  assert.equal(state, "done");
  return id;
}
