/** Damaged dictionaries, by the hundred and always the same: each is imported or refused in our words, and nothing else. */
import assert from "node:assert/strict";
import { cp, mkdtemp, readdir, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { test } from "node:test";
import { PatchbayError } from "@patchbay/vocabulary";
import { openDictionary, writeDictionaryFolder } from "../library/dictionary-folder.ts";
import { dictionaryFixtures, importAll } from "../testing/fixtures.ts";
import { checkDictionary } from "./check-dictionary.ts";
import { parseNumpyArray } from "./numpy-archive.ts";

const MUTATIONS = 120;

/** Numbers in 0…1 from a seed (mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

type Random = () => number;

function pick<Item>(random: Random, items: readonly Item[]): Item {
  const item = items[Math.floor(random() * items.length)];
  assert.ok(item !== undefined);
  return item;
}

const NASTY = [
  "-1",
  "0",
  "3",
  "1e308",
  "1e15",
  "2.5",
  "null",
  '""',
  "[]",
  "{}",
  "true",
  "false",
  '"topk"',
  '"__proto__"',
  '"../x"',
  "[[[[1]]]]",
];

/** Another value for one key of a JSON or YAML file, found as text so that broken nesting happens as well. */
function mutateValue(random: Random, text: string): string {
  const values = [...text.matchAll(/:\s*("[^"]*"|[\w.+-]+|\[|\{)/g)];
  if (values.length === 0) return `${text}:`;
  const found = pick(random, values);
  const start = (found.index ?? 0) + found[0].length - (found[1] ?? "").length;
  return text.slice(0, start) + pick(random, NASTY) + text.slice(start + (found[1] ?? "").length);
}

function mutateBytes(random: Random, bytes: Uint8Array): Uint8Array {
  const copy = Uint8Array.from(bytes);
  const way = random();
  if (way < 0.25) return copy.subarray(0, Math.floor(random() * copy.length));
  // Most of what is read with care lies at the two ends: headers and directories.
  const span = way < 0.6 ? Math.min(copy.length, 300) : copy.length;
  const flips = 1 + Math.floor(random() * 4);
  for (let i = 0; i < flips; i++) {
    const at =
      way < 0.8 ? Math.floor(random() * span) : copy.length - 1 - Math.floor(random() * Math.min(copy.length, 400));
    copy[at] = way < 0.4 ? Math.floor(random() * 256) : (copy[at] ?? 0) ^ (1 << Math.floor(random() * 8));
  }
  return copy;
}

async function filesBelow(folder: string): Promise<string[]> {
  const entries = await readdir(folder, { recursive: true, withFileTypes: true });
  return entries.filter((entry) => entry.isFile()).map((entry) => join(entry.parentPath, entry.name));
}

/** Returns the number of refusals. */
async function fuzz(folder: string, seed: number, use: () => Promise<void>): Promise<number> {
  const random = randomNumbers(seed);
  const files = (await filesBelow(folder)).sort();
  let refusals = 0;
  for (let round = 0; round < MUTATIONS; round++) {
    const file = pick(random, files);
    const original = await readFile(file);
    const textual = /\.(json|yaml)$/.test(file) && random() < 0.8;
    await writeFile(file, textual ? mutateValue(random, original.toString("utf8")) : mutateBytes(random, original));
    try {
      await use();
    } catch (error) {
      refusals++;
      assert.ok(
        error instanceof PatchbayError,
        `${basename(file)}, round ${round}: ${error instanceof Error ? error.stack : error}`,
      );
      assert.ok(error.message.length < 2000, `a message of ${error.message.length} characters`);
    }
    await writeFile(file, original);
  }
  return refusals;
}

async function withTemporary(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "patchbay-fuzz-"));
  try {
    await use(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

for (const [index, { name, path }] of (await dictionaryFixtures()).entries()) {
  test(`${name}, damaged ${MUTATIONS} times`, () =>
    withTemporary(async (folder) => {
      const copy = join(folder, basename(path));
      await cp(path, copy, { recursive: true });
      const refusals = await fuzz(copy, index, async () => {
        for (const weights of await importAll(copy, { name: "fuzzed" })) checkDictionary(weights, "after import");
      });
      assert.ok(refusals > MUTATIONS / 10, `only ${refusals} refusals`);
      // A zip's checksums find every flipped bit.
      if (!name.startsWith("gemma-scope")) assert.ok(refusals < MUTATIONS, "what is not damaged is still read");
    }));

  if (index % 4 !== 0) continue;
  test(`${name} as an installed dictionary, damaged ${MUTATIONS} times`, () =>
    withTemporary(async (folder) => {
      const [weights] = await importAll(path);
      assert.ok(weights !== undefined);
      const own = join(folder, weights.spec.name);
      await writeDictionaryFolder(own, weights, { dtype: index % 8 === 0 ? "F16" : "F32" });
      const refusals = await fuzz(own, 1000 + index, async () => {
        const dictionary = await openDictionary(own, { cacheFile: join(folder, "hash.json") });
        await dictionary.read("W_enc");
      });
      assert.ok(refusals > MUTATIONS / 10, `only ${refusals} refusals`);
    }));
}

test("NumPy arrays, damaged 500 times behind their checksum", () => {
  const header = "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }".padEnd(117, " ");
  const text = new TextEncoder().encode(`\u0000NUMPY\u0001\u0000${String.fromCharCode(118)}\u0000${header}\n`);
  const whole = new Uint8Array(text.length + 48);
  whole.set(text);
  whole[0] = 0x93;
  assert.deepEqual(parseNumpyArray(whole, "whole").shape, [3, 4]);
  const random = randomNumbers(7);
  let refusals = 0;
  for (let round = 0; round < 500; round++) {
    try {
      parseNumpyArray(mutateBytes(random, whole), "damaged");
    } catch (error) {
      refusals++;
      assert.ok(error instanceof PatchbayError, `round ${round}: ${error}`);
    }
  }
  assert.ok(refusals > 100 && refusals < 500, `${refusals} refusals`);
});
