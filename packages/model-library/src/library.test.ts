import assert from "node:assert/strict";
import { copyFile, mkdir, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { beforeEach, test } from "node:test";
import { fileURLToPath } from "node:url";
import { hashModelFolder, openTensorFolder, openTokenizer } from "@patchbay/transformer";
import { FIXTURE_TOKENIZER, TINY, tinyCheckpointFile } from "@patchbay/transformer/testing";
import { type ModelLibrary, openModelLibrary } from "./library.ts";
import { checkModelName, suggestModelName } from "./model-name.ts";

let library: ModelLibrary;

beforeEach(async () => {
  library = openModelLibrary(await mkdtemp(join(tmpdir(), "patchbay-home-")));
});

async function checkpointWithTokenizer(name = "tok525.bin"): Promise<{ folder: string; file: string }> {
  const made = await tinyCheckpointFile();
  await copyFile(FIXTURE_TOKENIZER, join(made.folder, name));
  return made;
}

test("a new data folder has no models", async () => {
  assert.deepEqual(await library.list(), []);
  await assert.rejects(library.find("anything"), { code: "unknown-model" });
});

test("a llama2.c checkpoint is converted with the tokenizer beside it", async () => {
  const { file } = await checkpointWithTokenizer();
  const model = await library.add(file);
  assert.equal(model.name, "tiny");
  assert.deepEqual(model.manifest.recipe, { prependBos: true, context: TINY.context });
  assert.deepEqual(await library.list(), [model]);
  assert.equal((await openTensorFolder(model.folder)).names.length, 2 + 9 * TINY.layers);
});

test("of several tokenizers the one that fits is taken", async () => {
  const { folder, file } = await checkpointWithTokenizer("tok-good.bin");
  await writeFile(join(folder, "tokenizer.bin"), Buffer.alloc(4));
  assert.equal((await library.add(file, { name: "chosen" })).name, "chosen");
});

test("without a tokenizer the error says where it was looked for", async () => {
  const { file } = await tinyCheckpointFile();
  await assert.rejects(library.add(file), { code: "file-not-found", message: /--tokenizer/ });
  await assert.rejects(library.add(file, { tokenizer: "/no/such.bin" }), {
    code: "file-not-found",
    message: /no\/such/,
  });
});

test("a Hugging Face folder is added by reference, and removing it leaves its files", async () => {
  const { file } = await checkpointWithTokenizer();
  const original = await library.add(file, { name: "original" });
  const model = await library.add(original.folder, { name: "reference" });
  assert.equal(model.folder, original.folder);
  assert.deepEqual(await readdir(join(library.folder, "reference")), ["patchbay.json"]);
  const hash = await hashModelFolder(model.folder, { cacheFile: model.hashCacheFile });
  assert.equal(hash, await hashModelFolder(original.folder, { cacheFile: original.hashCacheFile }));
  await library.remove("reference");
  assert.deepEqual(await library.list(), [original]);
  assert.equal(await hashModelFolder(original.folder), hash);
});

test("a HookedTransformer folder without a tokenizer is added; its tokens are numbers and none is prepended", async () => {
  const model = await library.add(fileURLToPath(new URL("../../../models/fixtures/hooked/window", import.meta.url)));
  assert.equal(model.name, "window");
  assert.deepEqual(model.manifest.recipe, { prependBos: false });
  assert.equal((await openTokenizer(model.folder)).vocabularySize, 11);
});

test("a HookedTransformer that cannot be computed is refused when it is added", async () => {
  const folder = await mkdtemp(join(tmpdir(), "patchbay-hooked-"));
  const fixture = fileURLToPath(new URL("../../../models/fixtures/hooked/window", import.meta.url));
  await copyFile(join(fixture, "model.safetensors"), join(folder, "model.safetensors"));
  const config = JSON.parse(await readFile(join(fixture, "config.json"), "utf8")) as object;
  const add = async (change: object) => {
    await writeFile(join(folder, "config.json"), JSON.stringify({ ...config, ...change }));
    return library.add(folder, { name: "changed" });
  };
  for (const [change, message] of [
    [{ act_fn: "xielu" }, /xielu/],
    [{ normalization_type: "BatchNorm" }, /BatchNorm/],
    [{ positional_embedding_type: "relative_positional_bias" }, /relative_positional_bias/],
    [{ use_qk_norm: true }, /use_qk_norm/],
    [{ attn_scores_soft_cap: 50 }, /attn_scores_soft_cap/],
    [{ num_experts: 8 }, /num_experts/],
    [{ final_rms: true }, /final_rms/],
    [{ attn_types: ["local"] }, /attn_types/],
  ] as const) {
    await assert.rejects(add(change), { code: "unsupported-model", message });
  }
  for (const change of [
    { d_head: 3 },
    { d_mlp: 7 },
    { d_vocab: 12 },
    { d_vocab_out: 3 },
    { n_ctx: 9 },
    { n_layers: 3, use_local_attn: false },
  ]) {
    await assert.rejects(add(change), { code: "damaged-file" });
  }
  assert.deepEqual(await library.list(), []);
});

test("a damaged folder is refused when it is added, not later", async () => {
  const { file } = await checkpointWithTokenizer();
  const { folder } = await library.add(file, { name: "original" });
  await writeFile(join(folder, "model.safetensors"), Buffer.alloc(100));
  await assert.rejects(library.add(folder, { name: "reference" }), { code: "damaged-file" });
  await rm(join(folder, "model.safetensors"));
  await writeFile(join(folder, "pytorch_model.bin"), "PK\u0003\u0004 and a pickle inside");
  await assert.rejects(library.add(folder, { name: "reference" }), { code: "unsupported-model", message: /pickle/ });
  assert.deepEqual(await readdir(library.folder), ["original"]);
});

test("names are not taken twice", async () => {
  const { file } = await checkpointWithTokenizer();
  await library.add(file);
  await assert.rejects(library.add(file), { code: "conflict", message: /--name/ });
});

test("what is not a model is refused", async () => {
  const folder = await mkdtemp(join(tmpdir(), "patchbay-empty-"));
  await assert.rejects(library.add(folder), { code: "file-not-found", message: /config\.json/ });
  await assert.rejects(library.add(join(folder, "nothing")), { code: "file-not-found" });
  await writeFile(join(folder, "model.safetensors"), "");
  await assert.rejects(library.add(join(folder, "model.safetensors")), { code: "unsupported-model", message: /Add / });
});

test("unfinished and foreign folders are not listed", async () => {
  await mkdir(join(library.folder, ".123.partial"), { recursive: true });
  await mkdir(join(library.folder, "notes"));
  assert.deepEqual(await library.list(), []);
});

test("an unknown model is answered with the installed ones", async () => {
  const { file } = await checkpointWithTokenizer();
  await library.add(file, { name: "stories" });
  await assert.rejects(library.find("storys"), { code: "unknown-model", message: /one of stories/ });
});

test("names come from paths", () => {
  assert.equal(suggestModelName("/models/stories15M.bin"), "stories15M");
  assert.equal(suggestModelName("/models/My Model (v2)"), "My-Model-v2-");
  assert.equal(suggestModelName("/cache/models--openai--gpt2/snapshots/607a30d7"), "gpt2");
  for (const name of ["", ".hidden", "a/b", "../up", "a b"])
    assert.throws(() => checkModelName(name), { code: "invalid-request" });
});
