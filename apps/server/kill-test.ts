/**
 * Kills the server without warning in the middle of shares, saved circuits, jobs and pauses, again and again, and checks after each restart
 * that everything it had acknowledged is there, whole, and that what was paused still is.
 *
 *     npx tsx apps/server/kill-test.ts [--rounds 20] [--port 7340] [--model stories-15m] [-- COMMAND ARGUMENTS…]
 *
 * The command is the server to start, `--port N` is added; by default this repository's own.
 */
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { ApiError, type Client, createClient } from "@patchbay/contract/client";

const OWN_SERVER = [process.execPath, fileURLToPath(new URL("../cli/bin/patchbay.mjs", import.meta.url)), "serve"];
/** The first start may fetch and convert the model. */
const START_MILLISECONDS = 300_000;
const WARM_MILLISECONDS = 30_000;

const KINDS = ["finding", "circuit", "job", "paused job"] as const;
type Kind = (typeof KINDS)[number];

interface Acknowledged {
  readonly kind: Kind;
  readonly id: string;
  readonly title: string;
}

const { values, positionals } = parseArgs({
  options: {
    rounds: { type: "string", default: "20" },
    port: { type: "string", default: "7340" },
    model: { type: "string", default: "stories-15m" },
  },
  allowPositionals: true,
});
const [command = "", ...commandArguments] = positionals.length > 0 ? positionals : OWN_SERVER;
const client = createClient({ baseUrl: `http://127.0.0.1:${values.port}` });
const home = process.env.PATCHBAY_HOME ?? (await mkdtemp(join(tmpdir(), "patchbay-kill-test-")));

const acknowledged: Acknowledged[] = [];
const lost = new Map<string, string>();
let child = await start();
for (let round = 1; round <= Number(values.rounds); round++) {
  const before = acknowledged.length;
  const load = [...KINDS, "finding" as const].map((kind) => sendForever(kind, round));
  // The first pass after a start opens the model's sessions: the kill comes while every kind is being acknowledged.
  for (let waited = 0; waited < WARM_MILLISECONDS && !everyKindSince(before); waited += 20) await sleep(20);
  await sleep(Math.random() * 1300);
  await kill(child);
  await Promise.all(load);
  child = await start();
  await checkAll(client);
  process.stdout.write(`round ${round}: ${acknowledged.length - before} acknowledged, ${lost.size} lost so far\n`);
}
await kill(child);
if (process.env.PATCHBAY_HOME === undefined) await rm(home, { recursive: true, force: true });

const count = (kind: Kind) => acknowledged.filter((one) => one.kind === kind).length;
for (const [what, why] of lost) process.stdout.write(`LOST ${what}: ${why}\n`);
process.stdout.write(
  `${values.rounds} kills; ${KINDS.map((kind) => `${count(kind)} ${kind}s`).join(", ")} acknowledged, ${lost.size} lost\n`,
);
// Nothing acknowledged would mean that nothing was tested.
process.exitCode = lost.size === 0 && KINDS.every((kind) => count(kind) > 0) ? 0 : 1;

function everyKindSince(index: number): boolean {
  return new Set(acknowledged.slice(index).map(({ kind }) => kind)).size === KINDS.length;
}

async function start(): Promise<ChildProcess> {
  const server = spawn(command, [...commandArguments, "--port", values.port], {
    env: { ...process.env, PATCHBAY_HOME: home },
    stdio: ["ignore", "ignore", "inherit"],
  });
  const deadline = Date.now() + START_MILLISECONDS;
  while (Date.now() < deadline) {
    if (server.exitCode !== null) throw new Error(`the server ended with code ${server.exitCode}`);
    const setup = await client.health().then(
      (health) => health.setup,
      (error: unknown) => notYet(error),
    );
    if (setup?.state === "failed") throw new Error(`the model could not be installed: ${setup.message}`);
    if (setup?.state === "ready") {
      // Answers once the store is open.
      await client.listJobs();
      return server;
    }
    await sleep(100);
  }
  throw new Error("the server did not become ready");
}

async function kill(server: ChildProcess): Promise<void> {
  const ended = new Promise((resolve) => server.once("exit", resolve));
  server.kill("SIGKILL");
  await ended;
}

/** Sends one request after the other until the server is gone; whatever was answered counts. */
async function sendForever(kind: Kind, round: number): Promise<void> {
  for (let number = 0; ; number++) {
    const title = `round ${round}, ${number}, ${Math.random()}`;
    try {
      const { id } = await (kind === "finding" ? share(title) : kind === "circuit" ? saveCircuit(title) : startJob());
      // One that was quicker than the pause is done, and promises nothing.
      if (kind === "paused job" && (await client.pauseJob({ params: { id } })).state !== "paused") continue;
      acknowledged.push({ kind, id, title });
    } catch (error) {
      notYet(error);
      return;
    }
  }
}

function share(title: string): Promise<{ id: string }> {
  const request = { model: values.model, input: { text: `One day ${title}` }, compute: { logits: { top: 5 } } };
  const parts = [{ role: "before", kind: "run" as const, request }];
  return client.createSnapshot({ body: { title, view: { room: "trace", path: "/" }, parts } });
}

async function saveCircuit(name: string): Promise<{ id: string }> {
  await sleep(20);
  return client.saveCircuit({ body: { name, model: values.model, nodes: [{ kind: "head", layer: 0, head: 0 }] } });
}

/** A job of its own each time: a multiple that was never asked for. */
async function startJob(): Promise<{ id: string }> {
  await sleep(20);
  return client.createJob({
    body: { kind: "specialised-neurons", model: values.model, multiple: 1 + Math.random() },
  });
}

async function checkAll(client: Client): Promise<void> {
  for (const { kind, id, title } of acknowledged) {
    try {
      if (kind === "circuit") {
        const { circuit } = await client.getCircuit({ params: { id } });
        if (circuit.name !== title || circuit.nodes.length !== 1) lost.set(`circuit ${id}`, "stored, but not whole");
      } else if (kind !== "finding") {
        const { state, problem } = await client.getJob({ params: { id } });
        const wrong = kind === "job" ? state === "failed" || state === "cancelled" : state !== "paused";
        if (wrong) lost.set(`${kind} ${id}`, problem?.detail ?? state);
      } else {
        const finding = await client.getSnapshot({ params: { id } });
        const whole = finding.title === title && finding.parts.every(({ result }) => result.recipe.hash !== "");
        if (!whole) lost.set(`finding ${id}`, "stored, but not whole");
      }
    } catch (error) {
      if (!(error instanceof ApiError)) throw error;
      lost.set(`${kind} ${id}`, error.message);
    }
  }
}

/** The server is not there: expected here. Any other failure is not. */
function notYet(error: unknown): undefined {
  const gone = ["unreachable", "unexpected-answer", "interrupted"];
  const broken = error instanceof TypeError || error instanceof SyntaxError;
  if (broken || (error instanceof ApiError && gone.includes(error.code))) return undefined;
  throw error;
}
