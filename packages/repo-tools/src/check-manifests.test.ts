import assert from "node:assert/strict";
import { mkdir, mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { fileSizeFindings } from "./check-file-sizes.mjs";
import { manifestProblems } from "./check-manifests.mjs";

const FILES: Readonly<Record<string, string>> = {
  "package.json": JSON.stringify({ name: "root", devDependencies: { tsx: "*" } }),
  "packages/vocabulary/package.json": manifest("vocabulary", { "@patchbay/contract": "*", lodash: "*" }),
  "packages/vocabulary/src/index.ts": 'import { z } from "zod";\nimport "../../contract/src/index.ts";\nexport { z };',
  "packages/vocabulary/src/index.test.ts": 'import "tsx";\nimport "node:test";\nimport "./index.ts";',
  "packages/contract/package.json": manifest("contract", { "@patchbay/vocabulary": "*" }),
  "packages/contract/src/index.ts": 'export type Words = typeof import("@patchbay/vocabulary");',
  "packages/unheard-of/package.json": manifest("unheard-of", {}),
  "packages/contract/src/long.ts": "export {};\n".repeat(601),
  "packages/contract/src/longish.ts": "export {};\n".repeat(301),
  "packages/contract/src/table.ts": `/** Long because it is one table. */\n${"export {};\n".repeat(601)}`,
};

let root = "";

before(async () => {
  root = await mkdtemp(join(tmpdir(), "patchbay-manifests-"));
  for (const [file, text] of Object.entries(FILES)) {
    await mkdir(join(root, dirname(file)), { recursive: true });
    await writeFile(join(root, file), text);
  }
});

after(() => rm(root, { recursive: true, force: true }));

test("undeclared, unused and upward dependencies and paths into other workspaces are found, and nothing else", () => {
  const problems = manifestProblems(root).sort();
  assert.deepEqual(problems, [
    "packages/unheard-of is not in the layer table (packages/repo-tools/src/layers.mjs)",
    "packages/vocabulary/package.json depends on @patchbay/contract, which its layer may not import",
    "packages/vocabulary/package.json lists @patchbay/contract, but nothing imports it",
    "packages/vocabulary/package.json lists lodash, but nothing imports it",
    "packages/vocabulary/src/index.ts imports ../../contract/src/index.ts: another workspace is imported by its name",
    "packages/vocabulary/src/index.ts imports zod, but packages/vocabulary/package.json does not list zod",
  ]);
});

test("long files are refused unless they are one table, longish ones are named", () => {
  const { problems, warnings } = fileSizeFindings(root);
  assert.deepEqual(problems, ["packages/contract/src/long.ts has 601 lines; at most 600: split it by idea"]);
  assert.deepEqual(
    warnings.map((text) => text.split(" ")[0]),
    ["packages/contract/src/longish.ts", "packages/contract/src/table.ts"],
  );
});

function manifest(name: string, dependencies: Readonly<Record<string, string>>): string {
  return JSON.stringify({ name: `@patchbay/${name}`, dependencies });
}
