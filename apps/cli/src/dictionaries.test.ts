/** The commands on dictionaries, as people meet them: a tiny model, folders of other libraries, a hub of our own. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { cp, mkdir, mkdtemp, readdir, readFile, rm } from "node:fs/promises";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { text } from "node:stream/consumers";
import { after, before, test } from "node:test";
import { fileURLToPath } from "node:url";
import { type DictionaryWeights, exportSaeLens, importDictionaries } from "@patchbay/dictionary";
import { tensor } from "@patchbay/vocabulary";
import { formatDictionaries } from "./commands/dictionaries.ts";

const APP = fileURLToPath(new URL("..", import.meta.url));
const FIXTURES = fileURLToPath(new URL("../../../models/fixtures", import.meta.url));
const PROGRAM = 'import { main } from "./src/main.ts"; process.exitCode = await main(process.argv.slice(1));';
const WIDTH = 32;
const FEATURES = 5;
let home = "";

before(async () => {
  home = await mkdtemp(join(tmpdir(), "patchbay-cli-dictionaries-"));
  const model = join(home, "models", "tiny");
  await mkdir(model, { recursive: true });
  for (const file of ["config.json", "model.safetensors"])
    await cp(join(FIXTURES, "tiny-llama", file), join(model, file));
  for (const layer of [0, 1]) await exportSaeLens(join(home, "set", `layer-${layer}`), autoencoder(layer));
});
after(() => rm(home, { recursive: true, force: true }));

async function patchbay(args: readonly string[], env: NodeJS.ProcessEnv = {}) {
  const node = ["--import", "tsx", "--input-type=module", "--eval", PROGRAM, "--", ...args];
  const child = spawn(process.execPath, node, { cwd: APP, env: { ...process.env, PATCHBAY_HOME: home, ...env } });
  child.stdin.end();
  const closed = new Promise<number>((resolve) => child.once("close", (status) => resolve(status ?? -1)));
  const [out, err, status] = await Promise.all([text(child.stdout), text(child.stderr), closed]);
  return { status, out, err };
}

/** At the residual stream after a layer of the tiny model. */
function autoencoder(layer: number): DictionaryWeights {
  const values = (length: number) => Float32Array.from({ length }, (_, i) => Math.sin(i + layer + length));
  const site = `blocks.${layer}.hook_resid_post`;
  return {
    spec: {
      format: 1,
      name: `a${layer}`,
      set: null,
      kind: "sae",
      description: null,
      licence: null,
      model: { name: "tiny", hash: null },
      inputSite: site,
      outputSites: [site],
      inputWidth: WIDTH,
      outputWidth: WIDTH,
      features: FEATURES,
      activation: { kind: "relu" },
      inputNormalisation: "none",
      subtractDecoderBias: true,
      skip: false,
      skipsFirstPosition: false,
      source: { format: "patchbay", address: null, notes: [] },
      training: null,
      quality: null,
    },
    tensors: {
      W_enc: tensor(["feature", "input"], [FEATURES, WIDTH], values(FEATURES * WIDTH)),
      W_dec: tensor(["feature", "output"], [FEATURES, WIDTH], values(FEATURES * WIDTH)),
      b_enc: tensor(["feature"], [FEATURES], values(FEATURES)),
      b_dec: tensor(["output"], [WIDTH], values(WIDTH)),
    },
  };
}

const installed = async () =>
  (await readdir(join(home, "dictionaries", "tiny")).catch(() => [])).filter((name) => !name.startsWith("."));

test("a set is added, exported with the same numbers, and removed one by one", async () => {
  const added = await patchbay(["add-dictionary", join(home, "set"), "--model", "tiny", "--name", "mine"]);
  assert.equal(added.status, 0, added.err);
  assert.match(added.out, /mine\.layer-0 is installed: sae, 5 features, blocks\.0\.hook_resid_post/);
  assert.deepEqual(await installed(), ["mine.layer-0", "mine.layer-1"]);
  const out = join(home, "out");
  const names = ["mine.layer-0", "mine.layer-1"];
  const exported = await patchbay([
    "export-dictionary",
    ...names,
    "--model",
    "tiny",
    "--format",
    "saelens",
    "--out",
    out,
  ]);
  assert.equal(exported.status, 0, exported.err);
  for await (const { tensors, spec } of importDictionaries(join(out, "mine.layer-1"))) {
    assert.equal(spec.inputSite, "blocks.1.hook_resid_post");
    assert.deepEqual(tensors.W_enc?.data, autoencoder(1).tensors.W_enc?.data);
  }
  const circuit = ["export-dictionary", ...names, "--model", "tiny", "--format", "circuit-tracer", "--out", out];
  assert.match((await patchbay(circuit)).err, /circuit-tracer cannot express.*an SAE/);
  const removed = await patchbay(["remove-dictionary", "mine.layer-0", "--model", "tiny"]);
  assert.deepEqual([removed.status, removed.out], [0, "mine.layer-0 is removed.\n"]);
  assert.match((await patchbay(["remove-dictionary", "mine.layer-0", "--model", "tiny"])).err, /one of mine\.layer-1/);
  assert.deepEqual(await installed(), ["mine.layer-1"]);
});

test("a set of which one member cannot be added is not added at all", async () => {
  // mine.layer-1 is there; mine.layer-0 comes before it and must not stay.
  const again = await patchbay(["add-dictionary", join(home, "set"), "--model", "tiny", "--name", "mine"]);
  assert.deepEqual([again.status, again.out], [1, ""]);
  assert.match(again.err, /named "mine\.layer-1" is already there/);
  assert.deepEqual(await installed(), ["mine.layer-1"]);
});

test("what does not fit the model, or is no dictionary, is refused with the reason", async () => {
  const narrow = join(FIXTURES, "dictionaries", "sae-lens-standard", "files");
  const [width, nothing, absent] = await Promise.all([
    patchbay(["add-dictionary", narrow, "--model", "tiny"]),
    patchbay(["add-dictionary", join(home, "models"), "--model", "tiny"]),
    patchbay(["add-dictionary", narrow, "--model", "absent"]),
  ]);
  assert.deepEqual([width.status, nothing.status, absent.status], [1, 1, 1]);
  assert.match(
    width.err,
    /does not fit the model "tiny"\. Expected width 32 at blocks\.1\.hook_resid_post\. Received width 8/,
  );
  assert.match(nothing.err, /not a dictionary in a format that is known/);
  assert.match(absent.err, /No model named "absent"/);
});

test("hf: fetches from the hub that HF_ENDPOINT names, and leaves nothing temporary", async (context) => {
  const files = ["cfg.json", "sae_weights.safetensors"];
  const contents = new Map<string, Buffer>();
  for (const name of files) contents.set(name, await readFile(join(home, "set", "layer-0", name)));
  const hub = createServer((request, response) => {
    const name = (request.url ?? "").split("/").at(-1) ?? "";
    const listing = files.map((path) => ({ type: "file", path, size: contents.get(path)?.length, oid: "0" }));
    response.end(request.url?.startsWith("/api/") ? JSON.stringify(listing) : contents.get(name));
  });
  await new Promise<void>((resolve) => hub.listen(0, "127.0.0.1", () => resolve()));
  context.after(() => hub.close());
  const temporary = join(home, "temporary");
  await mkdir(temporary);
  const env = { HF_ENDPOINT: `http://127.0.0.1:${(hub.address() as AddressInfo).port}`, TMPDIR: temporary };
  const { status, out, err } = await patchbay(["add-dictionary", "hf:owner/theirs", "--model", "tiny"], env);
  assert.equal(status, 0, err);
  assert.match(out, /^theirs is installed: sae/);
  assert.match(err, /Fetching sae_weights/);
  const left = (await readdir(temporary)).filter((name) => name.startsWith("patchbay"));
  assert.deepEqual(left, []);
});

test("wrong usage of the training flags is told before anything runs", async () => {
  const outcome = await patchbay(["train-dictionary", "--name", "a", "--kind", "sae", "--tokens", "2e3"]);
  assert.equal(outcome.status, 1);
  assert.match(outcome.err, /--site, --features/);
  assert.equal((await patchbay(["train-dictionary", "--topk", "many"])).status, 2);
  assert.equal((await patchbay(["add-dictionary", "x"])).status, 2, "the model must be named");
});

test("the list shows quality at a glance", () => {
  const loss = { original: 1, spliced: 1.1, zero: 2, mean: 1.5, recoveredAgainstZero: 0.9, recoveredAgainstMean: 0.8 };
  const density = { edges: [], counts: [] };
  const quality = {
    tokens: 9,
    corpus: "held out",
    l0: 31.8,
    unexplained: 0.21,
    cosine: 0.9,
    deadShare: 0.015,
    loss,
    density,
  };
  const dictionary = {
    ...{ name: "tc.layer-0", set: "tc", kind: "transcoder" as const, description: null, layer: 0 },
    ...{ inputSite: "blocks.0.ln2.hook_normalized", outputSites: ["blocks.0.hook_mlp_out"] },
    ...{ inputWidth: 8, outputWidth: 8, features: 64, activation: "topk(32)", skip: true, hash: "", bundled: true },
    ...{ licence: null, source: { format: "patchbay", address: null, notes: [] } },
  };
  const [, measured = "", not = ""] = formatDictionaries([
    { ...dictionary, quality },
    { ...dictionary, quality: null },
  ]).split("\n");
  assert.match(measured, /transcoder, skip {2}blocks\.0\.ln2\.hook_normalized → blocks\.0\.hook_mlp_out {2}64 /);
  assert.match(measured, /31\.8 +0\.210 +0\.900 \/ 0\.800 +1\.5 % +Patchbay$/);
  assert.match(not, /– +– +– +– +Patchbay$/);
});
