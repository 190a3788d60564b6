import assert from "node:assert/strict";
import { chmod, cp, mkdtemp, readFile, rename, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { HASH_CACHE_FILE, hashModelFolder } from "./model-hash.ts";
import { SINGLE_FILE } from "./tensor-folder.ts";

const MODEL = fileURLToPath(new URL("../../../../models/fixtures/tiny-llama", import.meta.url));

async function copy(): Promise<string> {
  const folder = await mkdtemp(join(tmpdir(), "patchbay-hash-"));
  await cp(MODEL, folder, { recursive: true });
  return folder;
}

test("the hash does not depend on the place, nor on how config.json is laid out", async () => {
  const [a, b] = [await copy(), await copy()];
  const config = JSON.parse(await readFile(join(b, "config.json"), "utf8")) as Record<string, unknown>;
  await writeFile(join(b, "config.json"), JSON.stringify(Object.fromEntries(Object.entries(config).reverse())));
  assert.equal(await hashModelFolder(a), await hashModelFolder(b));
});

test("it depends on every setting, on the tokenizer and on every byte of the weights", async () => {
  const folder = await copy();
  const hashes = [await hashModelFolder(folder)];
  const config = JSON.parse(await readFile(join(folder, "config.json"), "utf8")) as Record<string, unknown>;
  await writeFile(join(folder, "config.json"), JSON.stringify({ ...config, rms_norm_eps: 1e-9 }));
  hashes.push(await hashModelFolder(folder));
  await writeFile(join(folder, "tokenizer.json"), "{}");
  hashes.push(await hashModelFolder(folder));
  const weights = await readFile(join(folder, SINGLE_FILE));
  weights[weights.length - 1] = (weights[weights.length - 1] ?? 0) ^ 1;
  await writeFile(join(folder, SINGLE_FILE), weights);
  hashes.push(await hashModelFolder(folder));
  assert.equal(new Set(hashes).size, 4);
});

test("weights are read once, until their size or time changes", async () => {
  const folder = await copy();
  const file = join(folder, SINGLE_FILE);
  // Whole milliseconds: `utimes` cannot restore finer times.
  const [atime, mtime] = [new Date(1_700_000_000_000), new Date(1_700_000_000_000)];
  await utimes(file, atime, mtime);
  const before = await hashModelFolder(folder);
  const weights = await readFile(file);
  weights[weights.length - 1] = (weights[weights.length - 1] ?? 0) ^ 1;
  await writeFile(file, weights);
  await utimes(file, atime, mtime);
  assert.equal(await hashModelFolder(folder), before, "same size and time: the kept hash");
  await utimes(file, atime, new Date(mtime.getTime() + 1000));
  assert.notEqual(await hashModelFolder(folder), before);
});

test("the cache may lie elsewhere, or be damaged", async () => {
  const folder = await copy();
  const plain = await hashModelFolder(folder);
  const cacheFile = join(await mkdtemp(join(tmpdir(), "patchbay-hash-")), "hashes.json");
  await rename(join(folder, HASH_CACHE_FILE), cacheFile);
  assert.equal(await hashModelFolder(folder, { cacheFile }), plain);
  await writeFile(cacheFile, "{ damaged");
  assert.equal(await hashModelFolder(folder, { cacheFile }), plain);
});

const root = process.getuid?.() === 0 ? "root may write everywhere" : false;
test("a folder that we may not write to is hashed all the same", { skip: root }, async () => {
  const folder = await copy();
  await chmod(folder, 0o500);
  assert.equal(
    await hashModelFolder(folder),
    await hashModelFolder(MODEL, { cacheFile: join(await copy(), "hashes.json") }),
  );
  await chmod(folder, 0o700);
});
