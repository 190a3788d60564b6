import assert from "node:assert/strict";
import { mkdtemp, open, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { openArtefacts } from "./artefacts.ts";

let home = "";
before(async () => {
  home = await mkdtemp(join(tmpdir(), "patchbay-artefacts-"));
});
after(() => rm(home, { recursive: true, force: true }));

test("what was written is read, per model, and the last write of many is whole", async () => {
  const artefacts = openArtefacts(home);
  const folder = artefacts("abc");
  assert.equal(await folder.read("map.safetensors"), undefined);
  await Promise.all([1, 2, 3].map((value) => folder.write("map.safetensors", new Uint8Array(100_000).fill(value))));
  const bytes = await folder.read("map.safetensors");
  assert.equal(bytes?.length, 100_000);
  assert.equal(new Set(bytes).size, 1);
  assert.equal(await artefacts("def").read("map.safetensors"), undefined);
  assert.deepEqual(await readdir(join(home, "artefacts", "abc")), ["map.safetensors"]);
});

test("keys are listed by prefix and in order, without what a killed write left; a removed one is gone", async () => {
  const folder = openArtefacts(home)("listed");
  assert.deepEqual(await folder.list(""), []);
  for (const key of ["index-2.parquet", "index-10.parquet", "map.safetensors", "index.part"]) {
    await folder.write(key, new Uint8Array(1));
  }
  const killed = "index-3.parquet.01234567-89ab-cdef-0123-456789abcdef.part";
  await writeFile(join(home, "artefacts", "listed", killed), "");
  assert.deepEqual(await folder.list("index"), ["index-10.parquet", "index-2.parquet", "index.part"]);
  await folder.remove("index-2.parquet");
  await folder.remove("index-2.parquet");
  assert.deepEqual(await folder.list("index-"), ["index-10.parquet"]);
  const long = new Date(Date.now() - 2 * 60 * 60 * 1000);
  await utimes(join(home, "artefacts", "listed", killed), long, long);
  const another = openArtefacts(home)("listed");
  await another.write("map.safetensors", new Uint8Array(2));
  assert.ok(!(await readdir(join(home, "artefacts", "listed"))).includes(killed), "swept");
  await assert.rejects(folder.remove("../listed/map.safetensors"), { code: "bad-request" });
});

test("a write for which the disk has no room leaves the old bytes, and nothing else", async (context) => {
  const folder = openArtefacts(home)("full");
  await folder.write("map.safetensors", new Uint8Array([1]));
  const probe = await open(join(home, "probe"), "w");
  await probe.close();
  const handles: { writeFile(bytes: Uint8Array): Promise<void>; write: typeof probe.write } =
    Object.getPrototypeOf(probe);
  context.mock.method(handles, "writeFile", async function (this: typeof handles, bytes: Uint8Array) {
    await this.write(bytes.subarray(0, bytes.length / 2));
    throw Object.assign(new Error("no space left on device"), { code: "ENOSPC" });
  });
  await assert.rejects(folder.write("map.safetensors", new Uint8Array(100)), { code: "ENOSPC" });
  await assert.rejects(folder.write("other.safetensors", new Uint8Array(100)), { code: "ENOSPC" });
  context.mock.restoreAll();
  assert.deepEqual(await readdir(join(home, "artefacts", "full")), ["map.safetensors"]);
  assert.deepEqual([...((await folder.read("map.safetensors")) ?? [])], [1]);
});

test("a name cannot leave the folder", async () => {
  const artefacts = openArtefacts(home);
  await assert.rejects(artefacts("abc").read("../x"), { code: "bad-request" });
  assert.throws(() => artefacts(".."), { code: "bad-request" });
});
