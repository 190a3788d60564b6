import assert from "node:assert/strict";
import { cp, mkdtemp, open, readdir, readFile, realpath, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { decodeSafetensors } from "./safetensors.ts";
import { INDEX_FILE, openTensorFolder, SINGLE_FILE } from "./tensor-folder.ts";
import { type TensorToWrite, writeSafetensors } from "./write-safetensors.ts";

const FIXTURES = fileURLToPath(new URL("../../../../models/fixtures/", import.meta.url));

async function temporary(from?: string): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "patchbay-weights-"));
  if (from !== undefined) await cp(join(FIXTURES, from), folder, { recursive: true });
  return folder;
}

for (const model of ["tiny-llama", "tiny-llama3-rope-f16", "tiny-gpt2"]) {
  test(`${model}: every tensor reads as the whole file decodes`, async () => {
    const folder = join(FIXTURES, model);
    const source = await openTensorFolder(folder);
    const { tensors } = decodeSafetensors(await readFile(join(folder, SINGLE_FILE)));
    assert.deepEqual(source.names.toSorted(), [...tensors.keys()].toSorted());
    for (const name of source.names) assert.deepEqual((await source.read(name)).data, tensors.get(name)?.data, name);
  });
}

test("shards are one source, and each tensor knows its file and place", async () => {
  const folder = join(FIXTURES, "tiny-llama-bf16-sharded");
  const source = await openTensorFolder(folder);
  const index = JSON.parse(await readFile(join(folder, INDEX_FILE), "utf8")) as { weight_map: Record<string, string> };
  assert.deepEqual(source.names.toSorted(), Object.keys(index.weight_map).toSorted());
  for (const [name, file] of Object.entries(index.weight_map)) {
    const stored = source.describe(name);
    assert.equal(basename(stored.file), file);
    assert.equal(stored.type, "BF16");
    const handle = await open(stored.file);
    const { buffer } = await handle.read(Buffer.alloc(2), 0, 2, stored.offset);
    await handle.close();
    const first = new Float32Array(Uint32Array.of(buffer.readUInt16LE() << 16).buffer)[0];
    assert.equal((await source.read(name)).data[0], first);
  }
});

test("symbolic links are followed to the real file", async () => {
  const folder = await temporary();
  await symlink(join(FIXTURES, "tiny-llama", SINGLE_FILE), join(folder, SINGLE_FILE));
  const source = await openTensorFolder(folder);
  const [name = ""] = source.names;
  assert.equal(source.describe(name).file, await realpath(join(FIXTURES, "tiny-llama", SINGLE_FILE)));
});

test("an unknown tensor is answered with the nearest names", async () => {
  const source = await openTensorFolder(join(FIXTURES, "tiny-llama"));
  assert.throws(() => source.describe("model.layers.0.mlp.gate.weight"), {
    code: "damaged-file",
    message: /model\.layers\.0\.mlp\.gate_proj\.weight/,
  });
});

test("a folder without weights says what is expected", async () => {
  await assert.rejects(openTensorFolder(await temporary()), { code: "file-not-found", message: /model\.safetensors/ });
});

test("a missing shard is named", async () => {
  const folder = await temporary("tiny-llama-bf16-sharded");
  await rm(join(folder, "model-00002-of-00003.safetensors"));
  await assert.rejects(openTensorFolder(folder), { code: "damaged-file", message: /model-00002-of-00003/ });
});

test("a tensor that only the index knows is named", async () => {
  const folder = await temporary("tiny-llama-bf16-sharded");
  const index = JSON.parse(await readFile(join(folder, INDEX_FILE), "utf8")) as { weight_map: Record<string, string> };
  index.weight_map["lm_head.weight"] = "model-00001-of-00003.safetensors";
  await writeFile(join(folder, INDEX_FILE), JSON.stringify(index));
  await assert.rejects(openTensorFolder(folder), { code: "damaged-file", message: /lm_head\.weight/ });
});

for (const text of [
  "not json",
  "{}",
  '{"weight_map": {"a": "../../secret.safetensors"}}',
  '{"weight_map": {"a": 1}}',
]) {
  test(`the index ${text} is refused`, async () => {
    const folder = await temporary();
    await writeFile(join(folder, INDEX_FILE), text);
    await assert.rejects(openTensorFolder(folder), { code: "damaged-file", message: /not a safetensors index/ });
  });
}

test("a written file reads back, in pieces of any size", async () => {
  const folder = await temporary();
  const values = Float32Array.from({ length: 1000 }, (_, i) => i / 7);
  const bytes = new Uint8Array(values.buffer);
  const pieces = function* () {
    for (let at = 0; at < bytes.length; at += 777) yield bytes.subarray(at, at + 777);
  };
  const written: number[] = [];
  await writeSafetensors(
    join(folder, SINGLE_FILE),
    [f32("a", [10, 100], pieces), f32("b", [0], () => [])],
    { format: "pt" },
    {
      progress: (done) => written.push(done),
    },
  );
  const source = await openTensorFolder(folder);
  assert.deepEqual(await source.read("a"), { axes: ["axis0", "axis1"], shape: [10, 100], data: values });
  assert.equal(source.describe("a").offset % 64, 0);
  assert.equal(written.length, Math.ceil(bytes.length / 777));
});

test("a write that fails leaves neither the file nor a part of it", async () => {
  const folder = await temporary();
  const failing = function* () {
    yield new Uint8Array(4);
    throw new Error("disk on fire");
  };
  await assert.rejects(writeSafetensors(join(folder, SINGLE_FILE), [f32("a", [2], failing)], {}), /disk on fire/);
  await assert.rejects(
    writeSafetensors(join(folder, SINGLE_FILE), [f32("a", [2], () => [new Uint8Array(4)])], {}),
    /8 bytes/,
  );
  assert.deepEqual(await readdir(folder), []);
});

function f32(name: string, shape: number[], read: TensorToWrite["read"]): TensorToWrite {
  return { name, type: "F32", shape, length: 4 * shape.reduce((product, length) => product * length, 1), read };
}
