/** The command as people meet it: exit status, and what is written where. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { RunResult } from "@patchbay/contract";
import { decodeSafetensors } from "@patchbay/transformer";

const APP = fileURLToPath(new URL("..", import.meta.url));
const PROGRAM = 'import { main } from "./src/main.ts"; process.exitCode = await main(process.argv.slice(1));';

interface Outcome {
  readonly status: number;
  readonly out: string;
  readonly err: string;
}

let folder = "";

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "patchbay-cli-"));
});

after(() => rm(folder, { recursive: true, force: true }));

async function patchbay(args: readonly string[], input = "", env: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  const node = ["--import", "tsx", "--input-type=module", "--eval", PROGRAM, "--", ...args];
  const child = spawn(process.execPath, node, { cwd: APP, env: { ...process.env, PATCHBAY_HOME: folder, ...env } });
  child.stdin.end(input);
  const closed = new Promise<number>((resolve) => child.once("close", (status) => resolve(status ?? -1)));
  const [out, err, status] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
  return { status, out, err };
}

test("help is on standard output with status 0; wrong usage is on standard error with status 2", async () => {
  const [help, nothing, misspelt, port] = await Promise.all([
    patchbay(["run", "--help"]),
    patchbay([]),
    patchbay(["srve"]),
    patchbay(["serve", "--port", "70000"]),
  ]);
  assert.equal(help.status, 0);
  assert.match(help.out, /Examples:\n {2}patchbay run request\.json/);
  assert.equal(nothing.status, 2);
  assert.match(nothing.err, /Commands:/);
  assert.equal(misspelt.status, 2);
  assert.match(misspelt.err, /Did you mean serve\?/);
  assert.equal(port.status, 2);
  assert.match(port.err, /whole number from 0/);
});

test("a user's mistake is one paragraph with status 1, and a stack only when asked for", async () => {
  const mistakes: readonly (readonly [string, RegExp])[] = [
    ['{"model": "x", ', /^patchbay: The request is not JSON at line 1, column 16\./],
    ['{"model": "x", "input": {"text": 5}}', /\(in the request at input\/text\)$/m],
    ['{"model": "absent", "input": {"text": "a"}}', /^patchbay: No model named "absent" is installed\./],
  ];
  for (const [request, message] of mistakes) {
    const { status, out, err } = await patchbay(["run", "-"], request);
    assert.equal(status, 1);
    assert.equal(out, "");
    assert.match(err, message);
    assert.equal(err.trimEnd().split("\n").length, 1, err);
  }
  const { err } = await patchbay(["run", join(folder, "absent.json")], "", { PATCHBAY_DEBUG: "1" });
  assert.match(err, /^patchbay: There is no file or folder .*absent\.json/);
  assert.match(err, /\n {4}at /);
});

test("adding what is no model says what would be one", async () => {
  const { status, err } = await patchbay(["add", folder, "--name", "empty"]);
  assert.equal(status, 1);
  assert.match(err, /config\.json/);
  const listed = await patchbay(["models"]);
  assert.equal(listed.status, 0);
  assert.match(listed.out, /No model is installed/);
});

const home = process.env.PATCHBAY_TEST_HOME;

test("run answers with the API's JSON and writes captures as safetensors", {
  skip:
    home === undefined ? "PATCHBAY_TEST_HOME names no data folder with the bundled model; `npm test` makes one" : false,
}, async () => {
  const request = {
    model: "stories-15m",
    input: { text: "One day, Tom and Lily went to the park. Tom gave a ball to" },
    compute: {
      logits: { top: 1 },
      capture: [{ site: "blocks.2.mlp.hook_post", positions: [-1], units: [3, 417] }],
    },
  };
  const file = join(folder, "request.json");
  const captures = join(folder, "captures.safetensors");
  await writeFile(file, JSON.stringify(request));
  const { status, out, err } = await patchbay(["run", file, "--safetensors", captures, "--home", home ?? ""]);
  assert.equal(status, 0, err);
  const { results, texts } = RunResult.parse(JSON.parse(out));
  assert.equal(texts[String(results.logits?.topIds.data[0])], " L");
  const probability = results.logits?.topProbabilities.data[0] ?? 0;
  assert.ok(Math.abs(probability - 0.977) < 0.001, String(probability));
  const { tensors } = decodeSafetensors(await readFile(captures));
  const values = tensors.get("results/capture/0/values");
  assert.deepEqual(values?.shape, [1, 1, 2]);
  // JSON carries as many digits as a float32 needs.
  const printed = results.capture?.[0]?.values.data.map((value) => Math.fround(value ?? Number.NaN));
  assert.deepEqual([...values.data].map(Number), printed);
});
