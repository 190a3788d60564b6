/** The layer law bites: dependency-cruiser runs with our rules over a small tree in which each file breaks one of them. */
import assert from "node:assert/strict";
import { execFile } from "node:child_process";
import { cp, mkdir, mkdtemp, rm, symlink, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { dirname, join } from "node:path";
import { after, before, test } from "node:test";
import { promisify } from "node:util";
import { importableFrom, PACKAGES } from "./layers.mjs";
import { ROOT } from "./paths.mjs";

const SOURCES: Readonly<Record<string, string>> = {
  "packages/vocabulary/src/index.ts": "export const word = 1;",
  "packages/contract/src/index.ts": 'export { word } from "@patchbay/vocabulary";',
  "packages/runtime/src/index.ts": "export const engine = 1;",
  "packages/transformer/src/index.ts": "export const family = 1;",
  "apps/cli/src/main.ts": "export const main = 1;",
  "packages/vocabulary/src/upwards.ts": 'import { word } from "@patchbay/contract";\nexport const copy = word;',
  "packages/store/src/sideways.ts": 'import { engine } from "@patchbay/runtime";\nexport const copy = engine;',
  "packages/charts/src/across.ts": 'import { family } from "@patchbay/transformer";\nexport const copy = family;',
  "apps/web/src/engine.ts": 'import { family } from "@patchbay/transformer";\nexport const copy = family;',
  "apps/server/src/command.ts": 'import { main } from "../../cli/src/main.ts";\nexport const copy = main;',
  "packages/store/src/door.ts": 'import * as onnx from "onnxruntime-node";\nexport const copy = onnx;',
  "packages/workbench-state/src/skin.ts": 'import { useState } from "react";\nexport const copy = useState;',
  "packages/analysis/src/engine.ts": 'import { engine } from "@patchbay/runtime";\nexport const copy = engine;',
  "packages/analysis/src/engine.test.ts": 'import { engine } from "@patchbay/runtime";\nexport const copy = engine;',
  "packages/analysis/src/reads-test.ts": 'import { copy } from "./engine.test.ts";\nexport const again = copy;',
  "packages/store/src/first.ts": 'import { second } from "./second.ts";\nexport const first = () => second;',
  "packages/store/src/second.ts": 'import { first } from "./first.ts";\nexport const second = () => first;',
};

interface Violation {
  readonly from: string;
  readonly to: string;
  readonly rule: { readonly name: string };
}

let folder = "";
let violations: readonly Violation[] = [];

before(async () => {
  folder = await mkdtemp(join(tmpdir(), "patchbay-layers-"));
  for (const [file, text] of Object.entries(SOURCES)) {
    await mkdir(join(folder, dirname(file)), { recursive: true });
    await writeFile(join(folder, file), `${text}\n`);
  }
  await mkdir(join(folder, "node_modules/@patchbay"), { recursive: true });
  for (const { name } of PACKAGES) {
    const home = join(folder, "packages", name);
    await mkdir(home, { recursive: true });
    const manifest = { name: `@patchbay/${name}`, exports: { ".": "./src/index.ts" } };
    await writeFile(join(home, "package.json"), JSON.stringify(manifest));
    await symlink(home, join(folder, "node_modules/@patchbay", name), "dir");
  }
  for (const name of ["onnxruntime-node", "onnxruntime-common", "react", "@types"]) {
    await symlink(join(ROOT, "node_modules", name), join(folder, "node_modules", name), "dir");
  }
  for (const file of ["tsconfig.json", "tsconfig.base.json"]) await cp(join(ROOT, file), join(folder, file));
  violations = await cruise(folder);
});

after(() => rm(folder, { recursive: true, force: true }));

const EXPECTED: readonly (readonly [string, string])[] = [
  ["packages/vocabulary/src/upwards.ts", "not-in-allowed"],
  ["packages/store/src/sideways.ts", "not-in-allowed"],
  ["packages/charts/src/across.ts", "not-in-allowed"],
  ["apps/web/src/engine.ts", "not-in-allowed"],
  ["apps/server/src/command.ts", "not-in-allowed"],
  ["packages/store/src/door.ts", "runtime-has-one-door"],
  ["packages/workbench-state/src/skin.ts", "react-is-a-skin"],
  ["packages/analysis/src/engine.ts", "analysis-sees-an-interface"],
  ["packages/analysis/src/reads-test.ts", "no-test-in-sources"],
  ["packages/store/src/first.ts", "no-circular"],
];

for (const [file, rule] of EXPECTED) {
  test(`${rule} refuses ${file}`, () => {
    const found = violations.filter(({ from }) => from === file).map((violation) => violation.rule.name);
    assert.ok(found.includes(rule), `found ${JSON.stringify(found)}`);
  });
}

test("what the law allows is left alone", () => {
  const refused = new Set([...EXPECTED.map(([file]) => file), "packages/store/src/second.ts"]);
  assert.deepEqual(
    violations.filter(({ from }) => !refused.has(from)).map(({ from, to, rule }) => `${rule.name}: ${from} → ${to}`),
    [],
  );
});

test("every package imports from strictly lower layers only, and no screen package from the engine", () => {
  for (const { name, layer, side } of PACKAGES) {
    for (const target of importableFrom(name)) {
      const imported = PACKAGES.find((entry) => entry.name === target);
      assert.ok(imported !== undefined && imported.layer < layer, `${name} → ${target}`);
      assert.ok(imported.side === "both" || imported.side === side, `${name} → ${target}`);
    }
  }
});

async function cruise(cwd: string): Promise<readonly Violation[]> {
  const command = join(ROOT, "node_modules/dependency-cruiser/bin/dependency-cruise.mjs");
  const config = join(ROOT, ".dependency-cruiser.mjs");
  const args = [command, "--config", config, "--output-type", "json", "packages", "apps"];
  const { stdout } = await promisify(execFile)(process.execPath, args, { cwd, maxBuffer: 1 << 26 });
  const answer: { readonly summary: { readonly violations: readonly Violation[] } } = JSON.parse(stdout);
  return answer.summary.violations;
}
