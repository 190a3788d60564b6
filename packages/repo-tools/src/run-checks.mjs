/** The checks behind `npm run check`: each has a name, takes no argument and answers with what it found. */

import { existsSync, mkdirSync } from "node:fs";
import { createRequire } from "node:module";
import { fileSizeFindings } from "./check-file-sizes.mjs";
import { lockFileProblems } from "./check-lock-file.mjs";
import { manifestProblems } from "./check-manifests.mjs";
import { CACHE, ROOT, WEB_FOLDER } from "./paths.mjs";
import { seconds } from "./progress.mjs";
import { lastLines, runNode } from "./run-command.mjs";

/** @typedef {{ passed: boolean, output: string }} Finding */
/** @typedef {{ name: string, passed: boolean, output: string, milliseconds: number }} CheckResult */

const resolve = createRequire(`${ROOT}/package.json`).resolve;
/** Its package exports hide the command. */
const DEPENDENCY_CRUISER = `${ROOT}/node_modules/dependency-cruiser/bin/dependency-cruise.mjs`;

/** @type {readonly { name: string, run: () => Promise<Finding> }[]} */
const CHECKS = [
  {
    name: "format and lint (biome)",
    run: () => tool([resolve("@biomejs/biome/bin/biome"), "check", "--colors=off", "--max-diagnostics=20", "."]),
  },
  { name: "types", run: () => types("tsconfig.json", "root") },
  { name: "types of apps/web", run: webTypes },
  { name: "layers (dependency-cruiser)", run: layers },
  { name: "manifests", run: async () => findings([...manifestProblems(), ...lockFileProblems()], []) },
  {
    name: "file sizes",
    run: async () => {
      const { problems, warnings } = fileSizeFindings();
      return findings(problems, warnings);
    },
  },
];

/**
 * Runs every check, two at a time, and prints each as it ends.
 * @returns {Promise<CheckResult[]>}
 */
export async function runChecks() {
  /** @type {CheckResult[]} */
  const results = [];
  const waiting = [...CHECKS];
  const worker = async () => {
    for (let next = waiting.shift(); next !== undefined; next = waiting.shift()) {
      const begin = performance.now();
      const { passed, output } = await next.run();
      const result = { name: next.name, passed, output, milliseconds: performance.now() - begin };
      results.push(result);
      print(result);
    }
  };
  await Promise.all([worker(), worker()]);
  return results;
}

/** @param {CheckResult} result */
function print({ name, passed, output, milliseconds }) {
  process.stdout.write(`  ${passed ? "ok    " : "FAILED"} ${name} (${seconds(milliseconds)})\n`);
  if (output !== "") process.stdout.write(`${output.replace(/^/gm, "         ")}\n`);
}

function layers() {
  const folders = ["packages", "apps", "notebooks"].filter((folder) => existsSync(`${ROOT}/${folder}`));
  return tool([DEPENDENCY_CRUISER, "--config", ".dependency-cruiser.mjs", ...folders]);
}

/** Next.js writes declarations of its own (style modules, routes) that a fresh clone does not have yet. */
async function webTypes() {
  if (!existsSync(`${WEB_FOLDER}/next-env.d.ts`) || !existsSync(`${WEB_FOLDER}/.next/types`)) {
    const { status, output } = await runNode([resolve("next/dist/bin/next"), "typegen"], {
      cwd: WEB_FOLDER,
      env: { NEXT_TELEMETRY_DISABLED: "1" },
    });
    if (status !== 0) return { passed: false, output: lastLines(output, 40) };
  }
  return types(`${WEB_FOLDER}/tsconfig.json`, "web");
}

/** @param {string} project @param {string} name */
function types(project, name) {
  mkdirSync(`${CACHE}/types`, { recursive: true });
  const memory = ["--incremental", "--tsBuildInfoFile", `${CACHE}/types/${name}.tsbuildinfo`];
  return tool([resolve("typescript/bin/tsc"), "-p", project, "--noEmit", "--pretty", "false", ...memory]);
}

/** @param {readonly string[]} args @returns {Promise<Finding>} */
async function tool(args) {
  const { status, output } = await runNode(args, { cwd: ROOT, env: { NO_COLOR: "1" } });
  return status === 0 ? { passed: true, output: "" } : { passed: false, output: lastLines(output, 120) };
}

/** @param {readonly string[]} problems @param {readonly string[]} warnings @returns {Finding} */
function findings(problems, warnings) {
  return {
    passed: problems.length === 0,
    output: [...problems, ...warnings.map((text) => `warning: ${text}`)].join("\n"),
  };
}
