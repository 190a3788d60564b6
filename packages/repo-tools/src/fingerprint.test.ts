import assert from "node:assert/strict";
import { mkdir, mkdtemp, readFile, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { buildIfChanged, listInputs } from "./fingerprint.mjs";

let folder = "";
let builds = 0;

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "patchbay-fingerprint-"));
  await mkdir(join(folder, "src/node_modules"), { recursive: true });
  await writeFile(join(folder, "src/one.ts"), "1");
  await writeFile(join(folder, "src/one.test.ts"), "test");
  await writeFile(join(folder, "src/node_modules/other.ts"), "other");
});

after(() => rm(folder, { recursive: true, force: true }));

function build(): Promise<boolean> {
  const target = {
    stampFile: join(folder, "stamp.json"),
    inputs: [join(folder, "src")],
    outputs: [join(folder, "out.js")],
  };
  return buildIfChanged(target, async () => {
    builds += 1;
    await writeFile(join(folder, "out.js"), await readFile(join(folder, "src/one.ts")));
  });
}

test("tests and installed packages are no inputs of a build", () => {
  assert.deepEqual(listInputs([join(folder, "src"), join(folder, "absent")]), [join(folder, "src/one.ts")]);
});

test("builds once, again after a change, a new file or a lost output, and not after a mere touch", async () => {
  assert.equal(await build(), true);
  assert.equal(await build(), false);
  await utimes(join(folder, "src/one.ts"), 1, 1);
  assert.equal(await build(), false, "touched");
  await writeFile(join(folder, "src/one.ts"), "2");
  assert.equal(await build(), true, "changed");
  await writeFile(join(folder, "src/two.ts"), "2");
  assert.equal(await build(), true, "new file");
  await rm(join(folder, "out.js"));
  assert.equal(await build(), true, "lost output");
  assert.equal(builds, 4);
});

test("a build that fails leaves no stamp behind", async () => {
  const target = { stampFile: join(folder, "bad.json"), inputs: [join(folder, "src")], outputs: [] };
  const broken = () => Promise.reject(new Error("broken"));
  await assert.rejects(buildIfChanged(target, broken), /broken/);
  await assert.rejects(buildIfChanged(target, broken), /broken/);
});
