import assert from "node:assert/strict";
import { existsSync } from "node:fs";
import { readdir, readFile, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import type { PatchbayError } from "@patchbay/vocabulary";
import {
  type CheckpointOptions,
  FIXTURE_TOKENIZER,
  TINY,
  tinyCheckpoint,
  tinyCheckpointFile,
  tinyWeights,
} from "../testing/llama2c-fixture.ts";
import { openTensorFolder } from "../weights/tensor-folder.ts";
import { importLlama2c } from "./llama2c.ts";

async function importTiny(options: CheckpointOptions = {}) {
  const { folder, file } = await tinyCheckpointFile(options);
  const target = join(folder, "model");
  const manifest = await importLlama2c({
    checkpoint: { file },
    tokenizer: { file: FIXTURE_TOKENIZER },
    folder: target,
    manifest: { name: "tiny" },
  });
  return { parent: folder, folder: target, manifest, tensors: await openTensorFolder(target) };
}

test("config.json and the manifest say what the header says", async () => {
  const { folder, manifest } = await importTiny();
  const config = JSON.parse(await readFile(join(folder, "config.json"), "utf8")) as Record<string, unknown>;
  assert.deepEqual(config["architectures"], ["LlamaForCausalLM"]);
  assert.equal(config["hidden_size"], TINY.width);
  assert.equal(config["num_key_value_heads"], TINY.keyValueHeads);
  assert.equal(config["max_position_embeddings"], TINY.context);
  assert.equal(config["tie_word_embeddings"], true);
  assert.deepEqual(manifest.recipe, { prependBos: true, context: TINY.context });
  assert.deepEqual(Object.keys(manifest.hashes ?? {}), [
    "config.json",
    "model.safetensors",
    "tokenizer.json",
    "tokenizer_config.json",
  ]);
});

test("tensors without rotation are copied as they are", async () => {
  const { tensors } = await importTiny();
  const weights = tinyWeights();
  const second = (stacked: Float32Array) => stacked.subarray(stacked.length / 2);
  assert.deepEqual((await tensors.read("model.embed_tokens.weight")).data, weights.embedding);
  assert.deepEqual((await tensors.read("model.layers.1.mlp.gate_proj.weight")).data, second(weights.w1).slice());
  assert.deepEqual((await tensors.read("model.layers.1.mlp.down_proj.weight")).data, second(weights.w2).slice());
  assert.deepEqual((await tensors.read("model.layers.1.mlp.up_proj.weight")).data, second(weights.w3).slice());
  assert.deepEqual(tensors.describe("model.layers.1.mlp.down_proj.weight").shape, [TINY.width, TINY.neurons]);
  assert.equal(tensors.has("lm_head.weight"), false);
});

test("rotating halves of the imported rows gives the attention scores of rotating pairs of the original ones", async () => {
  const { tensors } = await importTiny();
  const { wq, wk } = tinyWeights();
  const headWidth = TINY.width / TINY.heads;
  const input = Array.from({ length: TINY.width }, (_, i) => Math.sin(i + 1));
  const query = (await tensors.read("model.layers.0.self_attn.q_proj.weight")).data;
  const key = (await tensors.read("model.layers.0.self_attn.k_proj.weight")).data;
  const pairs = (matrix: Float32Array, head: number, position: number) =>
    rotate(project(matrix, input, head * headWidth, headWidth), position, (i) => [2 * i, 2 * i + 1]);
  const halves = (matrix: Float32Array, head: number, position: number) =>
    rotate(project(matrix, input, head * headWidth, headWidth), position, (i) => [i, i + headWidth / 2]);
  for (let head = 0; head < TINY.heads; head++) {
    const expected = dot(pairs(wq, head, 5), pairs(wk, 0, 2));
    const received = dot(halves(query, head, 5), halves(key, 0, 2));
    assert.ok(Math.abs(expected - received) < 1e-12, `head ${head}: ${received} instead of ${expected}`);
  }
});

test("a negative vocabulary means a classifier of its own", async () => {
  const { tensors, folder } = await importTiny({ untied: true });
  const config = JSON.parse(await readFile(join(folder, "config.json"), "utf8")) as Record<string, unknown>;
  assert.equal(config["tie_word_embeddings"], false);
  assert.deepEqual((await tensors.read("lm_head.weight")).data, tinyWeights({ untied: true }).classifier);
});

test("version 1 gives the same model as version 0", async () => {
  const [old, versioned] = [await importTiny({ untied: true }), await importTiny({ untied: true, version: 1 })];
  assert.deepEqual(versioned.tensors.names.toSorted(), old.tensors.names.toSorted());
  for (const name of old.tensors.names) {
    assert.deepEqual((await versioned.tensors.read(name)).data, (await old.tensors.read(name)).data, name);
  }
});

const DAMAGED: readonly [string, (whole: Buffer) => Buffer, string, RegExp][] = [
  ["cut off", (whole) => whole.subarray(0, -4), "damaged-file", /cut off/],
  ["too long", (whole) => Buffer.concat([whole, Buffer.alloc(4)]), "damaged-file", /size/],
  ["empty", () => Buffer.alloc(0), "unsupported-model", /not a llama2\.c checkpoint/],
  [
    "a zip archive",
    () => Buffer.from("PK\u0003\u0004 archive/data.pkl and so on and on"),
    "unsupported-model",
    /pickle/,
  ],
  ["a pickle", () => Buffer.from([0x80, 2, ...new Uint8Array(60)]), "unsupported-model", /pickle/],
  ["GGUF", () => Buffer.from("GGUF and so on and so on and so on"), "unsupported-model", /GGUF/],
  ["quantised", (whole) => quantised(whole), "unsupported-model", /quantised/],
];
for (const [what, damage, code, message] of DAMAGED) {
  test(`a checkpoint that is ${what} is refused and leaves nothing behind`, async () => {
    const { folder, file } = await tinyCheckpointFile({ version: what === "quantised" ? 1 : 0 });
    await writeFile(file, damage(tinyCheckpoint({ version: what === "quantised" ? 1 : 0 })));
    await assert.rejects(importAt(folder, file, FIXTURE_TOKENIZER), (error: PatchbayError) => {
      assert.equal(error.code, code);
      assert.match(error.message, message);
      return true;
    });
    assert.deepEqual(await readdir(folder), ["tiny.bin"]);
  });
}

test("a tokenizer of another size is refused", async () => {
  const { folder, file } = await tinyCheckpointFile({ vocabulary: 100 });
  await assert.rejects(importAt(folder, file, FIXTURE_TOKENIZER), /Expected 100 pieces\. Received 525 pieces/);
});

test("a cut-off tokenizer is refused", async () => {
  const { folder, file } = await tinyCheckpointFile();
  const tokenizer = join(folder, "tokenizer.bin");
  await writeFile(tokenizer, (await readFile(FIXTURE_TOKENIZER)).subarray(0, -1));
  await assert.rejects(importAt(folder, file, tokenizer), /not a whole llama2\.c tokenizer/);
});

test("the older form of byte pieces reads as the newer", async () => {
  const { folder, file } = await tinyCheckpointFile();
  const older = join(folder, "tokenizer.bin");
  await writeFile(older, withCharactersForBytes(await readFile(FIXTURE_TOKENIZER)));
  await importAt(folder, file, older);
  const { folder: newer } = await importTiny();
  assert.equal(
    await readFile(join(folder, "model", "tokenizer.json"), "utf8"),
    await readFile(join(newer, "tokenizer.json"), "utf8"),
  );
});

test("an existing folder is not touched", async () => {
  const { parent, folder } = await importTiny();
  const before = await readFile(join(folder, "patchbay.json"), "utf8");
  await assert.rejects(importAt(parent, join(parent, "tiny.bin"), FIXTURE_TOKENIZER), { code: "conflict" });
  assert.equal(await readFile(join(folder, "patchbay.json"), "utf8"), before);
  assert.deepEqual((await readdir(parent)).toSorted(), ["model", "tiny.bin"]);
});

test("an aborted import leaves nothing behind", async () => {
  const { folder, file } = await tinyCheckpointFile();
  const abort = new AbortController();
  const target = join(folder, "model");
  const running = importLlama2c({
    checkpoint: { file },
    tokenizer: { file: FIXTURE_TOKENIZER },
    folder: target,
    manifest: { name: "tiny" },
    signal: abort.signal,
    progress: (fraction) => fraction > 0.5 && abort.abort(),
  });
  await assert.rejects(running, { name: "AbortError" });
  assert.equal(existsSync(target), false);
  assert.deepEqual(await readdir(folder), ["tiny.bin"]);
});

function importAt(folder: string, file: string, tokenizer: string) {
  const target = join(folder, "model");
  return importLlama2c({
    checkpoint: { file },
    tokenizer: { file: tokenizer },
    folder: target,
    manifest: { name: "tiny" },
  });
}

function project(matrix: Float32Array, input: readonly number[], from: number, rows: number): number[] {
  const row = (r: number) => matrix.subarray(r * input.length, (r + 1) * input.length);
  return Array.from({ length: rows }, (_, r) => dot([...row(from + r)], input));
}

function rotate(vector: readonly number[], position: number, pair: (i: number) => [number, number]): number[] {
  const rotated = [...vector];
  for (let i = 0; i < vector.length / 2; i++) {
    const angle = position / 10_000 ** ((2 * i) / vector.length);
    const [a, b] = pair(i);
    const [x, y] = [vector[a] ?? 0, vector[b] ?? 0];
    rotated[a] = x * Math.cos(angle) - y * Math.sin(angle);
    rotated[b] = x * Math.sin(angle) + y * Math.cos(angle);
  }
  return rotated;
}

function dot(a: readonly number[], b: readonly number[]): number {
  return a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
}

function quantised(whole: Buffer): Buffer {
  whole.writeInt32LE(2, 4);
  return whole;
}

function withCharactersForBytes(bytes: Buffer): Buffer {
  const parts = [bytes.subarray(0, 4)];
  for (let offset = 4; offset < bytes.length; ) {
    const length = bytes.readInt32LE(offset + 4);
    const text = bytes.toString("utf8", offset + 8, offset + 8 + length);
    const byte = /^<0x(..)>$/.exec(text)?.[1];
    const stored = Buffer.from(byte === undefined ? text : String.fromCharCode(Number.parseInt(byte, 16)));
    const head = Buffer.from(bytes.subarray(offset, offset + 8));
    head.writeInt32LE(stored.length, 4);
    parts.push(head, stored);
    offset += 8 + length;
  }
  return Buffer.concat(parts);
}
