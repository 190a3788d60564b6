import assert from "node:assert/strict";
import { cp, mkdir, mkdtemp, readdir, readFile, rename, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { type ErrorCode, ensureDefined, PatchbayError } from "@patchbay/vocabulary";
import { DICTIONARY_TENSORS, type DictionaryWeights } from "../dictionary.ts";
import { dictionaryFixture, dictionaryFixtures, importAll } from "../testing/fixtures.ts";
import { runReference } from "../testing/reference-dictionary.ts";
import { openDictionary, writeDictionaryFolder } from "./dictionary-folder.ts";
import { openDictionaryLibrary } from "./dictionary-library.ts";

async function inFolder(use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "patchbay-library-"));
  try {
    await use(folder);
  } finally {
    await rm(folder, { recursive: true });
  }
}

async function weightsOf(fixture: string, name: string): Promise<DictionaryWeights> {
  const weights = ensureDefined((await importAll((await dictionaryFixture(fixture)).path))[0]);
  return { ...weights, spec: { ...weights.spec, name } };
}

async function refused(promise: Promise<unknown>, code: ErrorCode, reason: RegExp): Promise<void> {
  await assert.rejects(promise, (error) => {
    assert.ok(error instanceof PatchbayError, `${error}`);
    assert.match(error.message, reason);
    assert.equal(error.code, code);
    return true;
  });
}

for (const { name, path } of await dictionaryFixtures()) {
  test(`${name} survives Patchbay's own folder`, () =>
    inFolder(async (folder) => {
      for (const weights of await importAll(path)) {
        const own = join(folder, weights.spec.name);
        await writeDictionaryFolder(own, weights);
        const dictionary = await openDictionary(own);
        assert.deepEqual(dictionary.spec, weights.spec);
        for (const tensor of Object.values(DICTIONARY_TENSORS)) {
          assert.equal(dictionary.has(tensor), weights.tensors[tensor] !== undefined);
          if (dictionary.has(tensor)) assert.deepEqual(await dictionary.read(tensor), weights.tensors[tensor]);
        }
        assert.deepEqual((await importAll(own))[0], weights);
      }
    }));
}

test("float16 halves the matrices and keeps the vectors", () =>
  inFolder(async (folder) => {
    const { dictionaries } = await dictionaryFixture("sae-lens-transcoder");
    const weights = await weightsOf("sae-lens-transcoder", "half");
    await writeDictionaryFolder(join(folder, "half"), weights, { dtype: "F16" });
    const dictionary = await openDictionary(join(folder, "half"));
    assert.equal(dictionary.describe("W_enc").type, "F16");
    assert.equal(dictionary.describe("b_enc").type, "F32");
    const input = ensureDefined(dictionaries[0]).input;
    const halved = ensureDefined((await importAll(join(folder, "half")))[0]);
    const [whole, half] = [weights, halved].map((each) => ensureDefined(runReference(each, input).outputs[0]));
    // Half precision keeps 11 bits: 2^-12 of each of some twenty products.
    whole?.forEach((value, i) => {
      assert.ok(Math.abs(value - (half?.[i] ?? 99)) < 0.01, `${value} ${half?.[i]}`);
    });
    const large = { ...ensureDefined(weights.tensors.W_dec), data: new Float32Array(24 * 12).fill(7e4) };
    const beyond = { ...weights, tensors: { ...weights.tensors, W_dec: large } };
    await refused(
      writeDictionaryFolder(join(folder, "large"), beyond, { dtype: "F16" }),
      "values-do-not-fit",
      /float16/,
    );
  }));

test("the hash follows the numbers and nothing else", () =>
  inFolder(async (folder) => {
    const weights = await weightsOf("sae-lens-topk", "one");
    const hashOf = async (name: string, changed: DictionaryWeights) => {
      await writeDictionaryFolder(join(folder, name), changed);
      return (await openDictionary(join(folder, name))).hash;
    };
    const hash = await hashOf("one", weights);
    assert.match(hash, /^[0-9a-f]{64}$/);
    const { spec, tensors } = weights;
    assert.equal(await hashOf("two", { tensors, spec: { ...spec, name: "two", description: "Other words" } }), hash);
    assert.notEqual(
      await hashOf("three", {
        tensors,
        spec: { ...spec, inputSite: "blocks.0.hook_resid_post", outputSites: ["blocks.0.hook_resid_post"] },
      }),
      hash,
    );
    const b_enc = ensureDefined(tensors.b_enc);
    const nudged = { ...b_enc, data: b_enc.data.map((value, i) => (i === 3 ? value + 1e-3 : value)) };
    assert.notEqual(await hashOf("four", { spec, tensors: { ...tensors, b_enc: nudged } }), hash);
  }));

test("a hash is remembered until the weights change", () =>
  inFolder(async (folder) => {
    const own = join(folder, "one");
    await writeDictionaryFolder(own, await weightsOf("sae-lens-topk", "one"));
    const before = (await openDictionary(own)).hash;
    const cache = join(own, ".patchbay.json");
    const remembered = JSON.parse(await readFile(cache, "utf8")) as { tensors: string };
    await writeFile(cache, JSON.stringify({ ...remembered, tensors: "0".repeat(64) }));
    assert.notEqual((await openDictionary(own)).hash, before, "the remembered hash is used");
    await utimes(join(own, "model.safetensors"), 1, 1);
    assert.equal((await openDictionary(own)).hash, before, "and dropped when the file is another");
    await writeFile(cache, "not JSON");
    assert.equal((await openDictionary(own)).hash, before);
  }));

test("a library lists, finds, adds, overwrites and removes", () =>
  inFolder(async (folder) => {
    const bundled = join(folder, "bundled");
    const own = join(folder, "own");
    await mkdir(bundled);
    await writeDictionaryFolder(join(bundled, "shipped"), await weightsOf("sae-lens-standard", "shipped"));
    const library = openDictionaryLibrary({
      roots: [
        { folder: bundled, bundled: true },
        { folder: own, bundled: false },
      ],
    });
    const names = async () => (await library.list()).dictionaries.map(({ spec }) => spec.name);
    assert.deepEqual(await names(), ["shipped"]);
    assert.deepEqual((await readdir(join(bundled, "shipped"))).sort(), ["dictionary.json", "model.safetensors"]);

    const added = await library.add(await weightsOf("sae-lens-topk", "mine"));
    assert.equal(added.bundled, false);
    assert.deepEqual(await names(), ["mine", "shipped"]);
    assert.equal((await library.find("shipped")).bundled, true);
    await refused(library.find("mime"), "not-found", /one of mine, shipped/);

    const other = await weightsOf("sae-lens-gated", "mine");
    await refused(library.add(other), "conflict", /already there/);
    assert.equal((await library.find("mine")).spec.activation.kind, "topk");
    await library.add(other, { overwrite: true });
    assert.equal((await library.find("mine")).spec.activation.kind, "gated");
    await refused(
      library.add(await weightsOf("sae-lens-topk", "shipped"), { overwrite: true }),
      "conflict",
      /comes with Patchbay/,
    );

    await refused(library.remove("shipped"), "conflict", /cannot be removed/);
    await library.remove("mine");
    assert.deepEqual(await names(), ["shipped"]);
    await refused(library.remove("mine"), "not-found", /no dictionary/);
    assert.deepEqual(
      (await readdir(own)).filter((name) => !name.endsWith(".hash.json")),
      [],
    );
  }));

test("names that would leave the folder are refused", () =>
  inFolder(async (folder) => {
    const library = openDictionaryLibrary({ roots: [{ folder, bundled: false }] });
    for (const name of ["../evil", "a/b", ".hidden", "", "x".repeat(101)]) {
      await refused(library.add(await weightsOf("sae-lens-topk", name)), "invalid-request", /not a name/);
    }
    await refused(library.find("../evil"), "not-found", /no dictionary/);
  }));

test("an addition that fails or was interrupted leaves nothing behind", () =>
  inFolder(async (folder) => {
    const library = openDictionaryLibrary({ roots: [{ folder, bundled: false }] });
    const weights = await weightsOf("sae-lens-topk", "mine");
    const broken = { ...weights, tensors: { ...weights.tensors, b_dec: undefined } } as unknown as DictionaryWeights;
    await assert.rejects(library.add(broken));
    const cancelled = AbortSignal.abort();
    await assert.rejects(library.add(weights, { signal: cancelled }));
    assert.deepEqual(await readdir(folder), []);
    // As after a crash while writing: hidden from the list, swept once it is old.
    const half = join(folder, ".01234567-89ab-cdef-0123-456789abcdef.partial");
    await mkdir(half);
    await utimes(half, 1, 1);
    assert.deepEqual(await library.list(), { dictionaries: [], problems: [] });
    await library.add(weights);
    assert.deepEqual(await readdir(folder), ["mine"]);
  }));

test("a crash in the middle of overwriting brings the older one back", () =>
  inFolder(async (folder) => {
    const library = openDictionaryLibrary({ roots: [{ folder, bundled: false }] });
    await library.add(await weightsOf("sae-lens-topk", "mine"));
    await rename(join(folder, "mine"), join(folder, ".mine.replaced"));
    assert.equal((await library.find("mine")).spec.activation.kind, "topk");
    await cp(join(folder, "mine"), join(folder, ".mine.replaced"), { recursive: true });
    assert.equal((await library.list()).dictionaries.length, 1);
    assert.deepEqual(await readdir(folder), ["mine"]);
  }));

test("broken folders are listed as problems beside the good ones", () =>
  inFolder(async (folder) => {
    const library = openDictionaryLibrary({ roots: [{ folder, bundled: false }] });
    const spec = (name: string) => join(folder, name, "dictionary.json");
    for (const name of ["good", "text", "shape", "short", "moved", "newer", "weightless"]) {
      await library.add(await weightsOf("sae-lens-topk", name));
    }
    await writeFile(spec("text"), "{");
    await edit(spec("shape"), { features: 25 });
    await edit(spec("newer"), { format: 2 });
    await edit(spec("moved"), { name: "elsewhere" });
    await writeFile(join(folder, "short", "model.safetensors"), "short");
    await rm(join(folder, "weightless", "model.safetensors"));
    const { dictionaries, problems } = await library.list();
    assert.deepEqual(
      dictionaries.map((dictionary) => dictionary.spec.name),
      ["good"],
    );
    assert.deepEqual(
      problems.map(({ name, error }) => `${name} ${error.code}`),
      [
        "moved damaged-file",
        "newer unsupported-model",
        "shape values-do-not-fit",
        "short damaged-file",
        "text damaged-file",
        "weightless file-not-found",
      ],
    );
    await library.add(await weightsOf("sae-lens-gated", "text"), { overwrite: true });
    assert.equal((await library.find("text")).spec.activation.kind, "gated");
    await library.remove("short");
  }));

async function edit(file: string, changes: Readonly<Record<string, unknown>>): Promise<void> {
  await writeFile(file, JSON.stringify({ ...JSON.parse(await readFile(file, "utf8")), ...changes }));
}
