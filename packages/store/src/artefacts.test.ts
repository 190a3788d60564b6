import assert from "node:assert/strict";
import { mkdtemp, readdir, rm } from "node:fs/promises";
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

test("a name cannot leave the folder", async () => {
  const artefacts = openArtefacts(home);
  await assert.rejects(artefacts("abc").read("../x"), { code: "bad-request" });
  assert.throws(() => artefacts(".."), { code: "bad-request" });
});
