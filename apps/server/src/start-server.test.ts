/** Over a real socket, with a real store and a fake model. */
import assert from "node:assert/strict";
import { request as httpRequest } from "node:http";
import { after, before, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import type { SweepRequest } from "@patchbay/contract";
import { type ApiError, createClient } from "@patchbay/contract/client";
import { decodeSafetensors } from "@patchbay/transformer";
import { ensureDefined } from "@patchbay/vocabulary";
import { type FakeServer, startFakeServer } from "./testing/fake-server.ts";

const events: string[] = [];
let drift = 0;
let server: FakeServer;
let origin = "";

before(async () => {
  const observe = (event: string) => events.push(event);
  server = await startFakeServer({ milliseconds: 60, drift: () => drift, observe });
  origin = new URL(server.url).origin;
});
after(() => server.remove());

const run = (text: string) => ({ model: "fake", input: { text } });
const post = (path: string, body: BodyInit, headers: Record<string, string> = {}) =>
  fetch(`${origin}/api/v1${path}`, {
    method: "POST",
    body,
    headers,
    ...(body instanceof ReadableStream ? { duplex: "half" } : {}),
  });

test("a run answers, also as safetensors with the arrays taken out of the JSON", async () => {
  const json = await server.client.run({ body: run("a b") });
  const values = json.results.capture?.[0]?.values;
  const { tensors, metadata } = decodeSafetensors(await server.client.runAsSafetensors({ body: run("a b") }));
  assert.deepEqual([...(tensors.get("results/capture/0/values")?.data ?? [])], values?.data);
  const beside = JSON.parse(metadata.json ?? "").results.capture[0].values;
  assert.deepEqual(beside, { axes: values?.axes, shape: values?.shape });
});

test("a refused request is a problem with what was expected, what came and where", async () => {
  const answer = await post("/runs", JSON.stringify({ ...run("a"), compute: { ledger: { layer: 99, position: 0 } } }));
  assert.equal(answer.status, 422);
  assert.equal(answer.headers.get("content-type"), "application/problem+json");
  const problem = await answer.json();
  assert.deepEqual(
    [problem.code, problem.expected, problem.received, problem.at],
    ["layer-out-of-range", "0 to 5", "99", "compute/ledger/layer"],
  );
});

test("a request that does not fit its schema names every misfit", async () => {
  const body = { model: "fake", input: { text: 3 }, compute: { logits: { top: 0 } }, extra: 1 };
  const problem = await (await post("/runs", JSON.stringify(body))).json();
  assert.equal(problem.code, "invalid-request");
  assert.deepEqual(
    problem.errors.map(({ at }: { at: string }) => at),
    ["input/text", "compute/logits/top", ""],
  );
  assert.match(problem.detail, /input\/text.*expected string, received number/);
  const union = await post("/runs", JSON.stringify({ ...run("a"), compute: { logits: { positions: "first" } } }));
  const misfit = (await union.json()).errors[0];
  assert.equal(misfit.at, "compute/logits/positions");
  assert.match(misfit.message, /"all".*"last".*array/);
});

test("malformed JSON is told with its place", async () => {
  const problem = await (await post("/runs", '{"model": "fake",\n "value": NaN}')).json();
  assert.equal(problem.code, "malformed-json");
  assert.match(problem.detail, /line 2, column 11/);
  assert.match(problem.advice, /NaN/);
  assert.equal((await post("/runs", new Uint8Array([0x7b, 0xff, 0x7d]))).status, 400);
  assert.equal((await post("/runs", "")).status, 400);
});

test("a body over the limit is refused, with and without an announced length", async () => {
  const announced = await upload({ headers: { "content-length": 50 * 1024 * 1024 }, megabytes: 1 });
  assert.equal(announced.status, 413);
  const chunked = await upload({ headers: {}, megabytes: 30 });
  assert.deepEqual([chunked.status, chunked.code], [413, "request-too-large"]);
  assert.equal((await server.client.health()).status, "ok");
});

test("unknown paths, wrong methods and unknown models are problems", async () => {
  const missing = await fetch(`${origin}/api/v1/nothing`);
  assert.deepEqual([missing.status, (await missing.json()).code], [404, "not-found"]);
  const method = await fetch(`${origin}/api/v1/models`, { method: "DELETE" });
  assert.deepEqual([method.status, method.headers.get("allow")], [405, "GET, HEAD"]);
  const model = await server.client.run({ body: { ...run("a"), model: "fakee" } }).catch((error: ApiError) => error);
  assert.ok("code" in model);
  assert.deepEqual([model.code, model.status, model.expected], ["unknown-model", 404, "one of fake"]);
});

test("a bug answers with a request id; its stack goes to the log only", async () => {
  const answer = await post("/runs", JSON.stringify(run("explode")));
  const text = await answer.text();
  assert.equal(answer.status, 500);
  assert.doesNotMatch(text, /secret|\.ts/);
  const id = answer.headers.get("x-request-id") ?? "absent";
  assert.ok(text.includes(id));
  assert.ok(server.logged.some((line) => line.includes(id) && line.includes("fake-model.ts")));
});

test("a client that leaves stops its work, running or waiting", async () => {
  const leave = new AbortController();
  const running = server.client.run({ body: run("linger"), signal: leave.signal });
  await until(() => events.includes("run linger starts"));
  const waiting = server.client.run({ body: run("never"), signal: leave.signal });
  await until(async () => (await server.client.health()).queue.waiting === 1);
  leave.abort();
  await assert.rejects(running, { name: "AbortError" });
  await assert.rejects(waiting, { name: "AbortError" });
  await until(() => events.includes("run linger aborted"));
  await until(async () => (await server.client.health()).queue.waiting === 0);
  await sleep(80);
  assert.ok(!events.includes("run never starts"));
  assert.ok(server.logged.some((line) => line.startsWith("499 POST /api/v1/runs")));
});

test("a generation streams start, tokens and done; leaving the loop stops it", async () => {
  const names: string[] = [];
  for await (const { event } of server.client.generateStream(run("a b"))) names.push(event);
  assert.deepEqual(names, ["start", "token", "token", "token", "token", "done"]);
  events.length = 0;
  for await (const { event } of server.client.generateStream({ ...run("a"), sampling: { maxTokens: 50 } })) {
    if (event === "token") break;
  }
  await until(() => events.some((event) => event.endsWith("aborted")));
  await assert.rejects(server.client.generateStream(run("refuse")).next(), { code: "context-exceeded", status: 422 });
});

const SWEEP: SweepRequest = {
  model: "fake",
  input: { text: "a b" },
  method: { kind: "ablation", how: "zero" },
  panels: [{ site: "z", by: ["layer", "head"] }],
  metric: { kind: "logit", token: " a" },
};

test("a question streams progress and its answer, and leaving the loop stops it", async () => {
  const names: string[] = [];
  for await (const { event } of server.client.ask("sweep", { body: SWEEP })) names.push(event);
  assert.deepEqual(names, ["progress", "progress", "progress", "done"]);
  events.length = 0;
  for await (const { event } of server.client.ask("sweep", { body: SWEEP })) if (event === "progress") break;
  await until(() => events.some((event) => /^sweep . aborted/.test(event)));
  const wrong = server.client.ask("sweep", { body: { ...SWEEP, panels: [] } });
  await assert.rejects(wrong.next(), { code: "invalid-request", status: 422 });
});

test("ten questions at once take turns between clients, and each can be cancelled", async () => {
  const order: string[] = [];
  const leave = new AbortController();
  const ask = async (client: typeof server.client, label: string, signal?: AbortSignal) => {
    await client.sweep({ body: SWEEP, signal });
    order.push(label);
  };
  const many = createClient({ baseUrl: origin, clientName: "many" });
  const one = createClient({ baseUrl: origin, clientName: "one" });
  const crowd = Array.from({ length: 9 }, (_, i) => ask(many, `many ${i}`, i >= 6 ? leave.signal : undefined));
  await until(() => events.length > 0);
  const last = ask(one, "one");
  leave.abort();
  const outcomes = await Promise.allSettled(crowd);
  await last;
  assert.deepEqual(
    outcomes.map(({ status }) => status),
    [...Array(6).fill("fulfilled"), ...Array(3).fill("rejected")],
  );
  // Three run at once, and the next turn was the crowd's; then it is the other client's, not after all six.
  assert.ok(order.indexOf("one") <= 4, order.join(", "));
});

test("a finding is computed here, stored once, and replays to the same numbers", async () => {
  const request = {
    title: "A \u0000 title",
    view: { room: "trace", path: "/?p=a" },
    parts: [
      { role: "before", kind: "run" as const, request: run("a b") },
      { role: "continuation", kind: "generation" as const, request: run("a b") },
    ],
  };
  const first = await server.client.createSnapshot({ body: request });
  assert.match(first.id, /^[0-9a-z]{12}$/);
  assert.deepEqual(await server.client.createSnapshot({ body: request }), first);
  const snapshot = await server.client.getSnapshot({ params: { id: first.id } });
  assert.equal(snapshot.title, request.title);
  assert.equal(snapshot.parts.length, 2);
  assert.equal((await server.client.listSnapshots()).total, 1);

  const same = await server.client.replaySnapshot({ params: { id: first.id } });
  assert.deepEqual([same.verdict, same.identical, same.largestDifference], ["same", true, 0]);
  drift = 3e-5;
  const near = await server.client.replaySnapshot({ params: { id: first.id } });
  assert.deepEqual([near.verdict, near.identical], ["same", false]);
  drift = 0.5;
  const far = await server.client.replaySnapshot({ params: { id: first.id } });
  drift = 0;
  assert.equal(far.verdict, "differs");
  assert.ok(Math.abs(far.largestDifference - 0.5) < 1e-6);
  assert.deepEqual([far.differences[0]?.part, far.differences[0]?.at], ["before", "/results/capture/0/values/data/0"]);
  await assert.rejects(server.client.getSnapshot({ params: { id: "absent" } }), { code: "not-found" });
});

test("a saved circuit is asked about by its id, and a finding keeps the circuit itself", async () => {
  const circuit = { name: "one", model: "fake", nodes: [{ kind: "head" as const, layer: 1, head: 1 }] };
  const { id } = await server.client.saveCircuit({ body: circuit });
  const request = { model: "fake", circuit: id, examples: [{ input: { text: "a b" } }], metric: SWEEP.metric };
  // The fake answers with the request that reached it.
  const asked = (await server.client.evaluateCircuit({ body: request })).recipe.request as {
    circuit: { name: string };
  };
  assert.equal(asked.circuit.name, "one");
  const view = { room: "decompose", path: "/decompose/circuits" };
  const parts = [{ role: "evaluation", kind: "circuit-evaluation" as const, request }];
  const finding = await server.client.createSnapshot({ body: { view, parts } });
  await server.client.removeCircuit({ params: { id } });
  const stored = await server.client.getSnapshot({ params: { id: finding.id } });
  const part = ensureDefined(stored.parts[0]);
  assert.equal((part.request as { circuit: { name: string } }).circuit.name, "one");
  assert.equal(part.result["fresh"], true, "nothing in a finding is taken from answers that were kept");
  assert.equal((await server.client.replaySnapshot({ params: { id: finding.id } })).verdict, "same");
  await assert.rejects(server.client.evaluateCircuit({ body: request }), { code: "not-found", status: 404 });
});

test("a finding of the tour is listed apart, opens and replays like any other", async () => {
  const made = await startFakeServer({}, {});
  const view = { room: "sweeps", path: "/sweeps" };
  const parts = [{ role: "sweep", kind: "sweep" as const, request: SWEEP }];
  const { id } = await made.client.createSnapshot({ body: { title: "Heads", view, parts } });
  const finding = await made.client.getSnapshot({ params: { id } });
  await made.remove();

  const touring = await startFakeServer({}, { tour: async () => [finding] });
  const { total, tour } = await touring.client.listSnapshots();
  assert.deepEqual([total, tour.map(({ title }) => title)], [0, ["Heads"]]);
  assert.deepEqual(await touring.client.getSnapshot({ params: { id } }), finding);
  assert.equal((await touring.client.replaySnapshot({ params: { id } })).verdict, "same");
  await touring.remove();
});

test("a finding's parts are checked by their kind and belong to one model", async () => {
  const view = { room: "trace", path: "/" };
  const wrong = [{ role: "dose", kind: "dose-response" as const, request: run("a") }];
  await assert.rejects(server.client.createSnapshot({ body: { view, parts: wrong } }), { code: "invalid-request" });
  const other = { role: "b", kind: "run" as const, request: { ...run("a"), model: "other" } };
  const parts = [{ role: "a", kind: "run" as const, request: run("a") }, other];
  await assert.rejects(server.client.createSnapshot({ body: { view, parts } }), { at: "parts/1/request/model" });
});

test("the neuron map is started unasked, watched to its end, and answered when asked for again", async () => {
  const job = await server.client.createJob({ body: { kind: "neuron-map", model: "fake" } });
  const states = new Set<string>();
  for await (const { state } of server.client.watchJob(job.id)) states.add(state);
  assert.ok(states.has("done"));
  assert.equal((await server.client.createJob({ body: { kind: "neuron-map", model: "fake" } })).id, job.id);
  assert.deepEqual((await server.client.getJob({ params: { id: job.id } })).result, { neurons: 12, seconds: 0.1 });
  const { jobs } = await server.client.listJobs();
  assert.deepEqual(new Set(jobs.map(({ request }) => request.kind)), new Set(["neuron-map", "reference-statistics"]));
});

test("a running job is cancelled", async () => {
  const body = { kind: "specialised-neurons" as const, model: "fake", multiple: 7 };
  const { id } = await server.client.createJob({ body });
  for await (const { state } of server.client.watchJob(id)) if (state === "running") break;
  assert.equal((await server.client.cancelJob({ params: { id } })).state, "cancelled");
  await assert.rejects(server.client.getJob({ params: { id: "absent" } }), { code: "not-found" });
});

test("a second server on the same data folder is refused", async () => {
  const second = await startFakeServer({}, { home: server.home });
  await assert.rejects(second.ready, { code: "conflict" });
  await second.close();
});

/** By hand: fetch keeps pulling a body whose connection is gone. */
function upload({ headers, megabytes }: { headers: Record<string, number>; megabytes: number }) {
  return new Promise<{ status: number | undefined; code: string }>((resolve, reject) => {
    const upload = httpRequest(`${origin}/api/v1/runs`, { method: "POST", headers }, (answer) => {
      let text = "";
      answer.on("data", (piece) => {
        text += piece;
      });
      answer.on("end", () => {
        upload.destroy();
        resolve({ status: answer.statusCode, code: JSON.parse(text).code });
      });
    });
    upload.on("error", reject);
    for (let index = 0; index < megabytes; index++) upload.write(Buffer.alloc(1024 * 1024, " "));
    if (headers["content-length"] === undefined) upload.end();
  });
}

async function until(condition: () => boolean | Promise<boolean>): Promise<void> {
  const deadline = Date.now() + 60_000;
  while (!(await condition())) {
    if (Date.now() > deadline) assert.fail("it did not happen within a minute");
    await sleep(5);
  }
}
