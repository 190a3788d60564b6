import assert from "node:assert/strict";
import { test } from "node:test";
import { incompletePackages } from "./check-lock-file.mjs";
import { installationProblem } from "./install.mjs";

const wanted = {
  "": { version: "1.0.0" },
  "node_modules/hono": { version: "4.0.0", integrity: "sha512-a", resolved: "https://registry.npmjs.org/hono.tgz" },
  "node_modules/@esbuild/win32-x64": { version: "0.28.2", integrity: "sha512-b", optional: true },
  "node_modules/@patchbay/store": { resolved: "packages/store", link: true },
};
const { "": _root, "node_modules/@esbuild/win32-x64": _otherPlatform, ...installed } = wanted;

test("an installation fits without other platforms' binaries and from another registry", () => {
  assert.equal(installationProblem(wanted, installed), undefined);
  const mirrored = { ...installed["node_modules/hono"], resolved: "https://mirror.example/hono.tgz" };
  assert.equal(installationProblem(wanted, { ...installed, "node_modules/hono": mirrored }), undefined);
});

test("what is missing or of another version is named", () => {
  assert.match(installationProblem(wanted, undefined) ?? "", /missing/);
  const { "node_modules/hono": _removed, ...without } = installed;
  assert.match(installationProblem(wanted, without) ?? "", /hono is not installed/);
  const older = { ...installed, "node_modules/hono": { version: "3.0.0", integrity: "sha512-c" } };
  assert.match(installationProblem(wanted, older) ?? "", /hono is another version/);
  const moved = { ...installed, "node_modules/@patchbay/store": { resolved: "packages/shop", link: true } };
  assert.match(installationProblem(wanted, moved) ?? "", /store is another version/);
});

test("a lock file that lacks other platforms' packages is found", () => {
  const entries = {
    "": {},
    "node_modules/tool": {
      version: "2.0.0",
      optionalDependencies: { "@tool/linux": "2.0.0", "@tool/darwin": "2.0.0" },
    },
    "node_modules/tool/node_modules/@tool/linux": { version: "2.0.0" },
  };
  assert.deepEqual(incompletePackages(entries), [
    "package-lock.json lacks what node_modules/tool 2.0.0 needs elsewhere: @tool/darwin; pin a version that is complete",
  ]);
  assert.deepEqual(incompletePackages({ ...entries, "node_modules/@tool/darwin": { version: "2.0.0" } }), []);
});
