/** The small decisions of the scripts: which Node, which browser, which tests. */
import assert from "node:assert/strict";
import { chmod, mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { delimiter, join } from "node:path";
import { after, before, test } from "node:test";
import { findBrowser } from "./browser.mjs";
import { nodeIsRecentEnough } from "./node-version.mjs";
import { lastLines, runNode } from "./run-command.mjs";
import { selectTestFiles } from "./test-files.mjs";

let folder = "";

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "patchbay-scripts-"));
});

after(() => rm(folder, { recursive: true, force: true }));

test("Node 20.19 is the oldest", () => {
  const verdicts = ["18.20.0", "20.18.3", "20.19.0", "21.0.0", "22.1.0"].map(nodeIsRecentEnough);
  assert.deepEqual(verdicts, [false, false, true, true, true]);
});

test("a browser is found on PATH, then among the system's applications, and first by its own variable", async () => {
  const path = ["nowhere", join(folder, "bin")].join(delimiter);
  await mkdir(join(folder, "bin"), { recursive: true });
  // An empty choice is none; undefined would read the environment of the test run.
  const own = { chosen: "", applications: [join(folder, "App/Chromium")] };
  assert.equal(findBrowser({ path, ...own }), undefined);
  await mkdir(join(folder, "App"));
  await writeFile(join(folder, "App/Chromium"), "");
  assert.equal(findBrowser({ path, ...own }), join(folder, "App/Chromium"));
  await writeFile(join(folder, "bin/chromium"), "");
  await chmod(join(folder, "bin/chromium"), 0o755);
  assert.equal(findBrowser({ path, ...own }), join(folder, "bin/chromium"));
  assert.equal(findBrowser({ path: "", ...own, chosen: join(folder, "bin/chromium") }), join(folder, "bin/chromium"));
  assert.throws(() => findBrowser({ path, ...own, chosen: join(folder, "absent") }), /PATCHBAY_BROWSER/);
});

test("test files are chosen by parts of their paths", async () => {
  await mkdir(join(folder, "packages/runtime/src"), { recursive: true });
  for (const name of ["a.test.ts", "b.test.tsx", "c.ts"])
    await writeFile(join(folder, "packages/runtime/src", name), "");
  const all = ["packages/runtime/src/a.test.ts", "packages/runtime/src/b.test.tsx"];
  assert.deepEqual(selectTestFiles([], folder), all);
  assert.deepEqual(selectTestFiles(["./packages/runtime"], folder), all);
  assert.deepEqual(selectTestFiles(["b.test"], folder), all.slice(1));
  assert.throws(() => selectTestFiles(["absent"], folder), /there are 2 test files/);
});

test("a child's status and output come back", async () => {
  const { status, output } = await runNode([
    "--eval",
    "console.log('out'); console.error('err'); process.exitCode = 3;",
  ]);
  assert.equal(status, 3);
  assert.deepEqual(output.trim().split("\n").sort(), ["err", "out"]);
  assert.equal(lastLines("1\n2\n3\n", 2), "2\n3");
});
