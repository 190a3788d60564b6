/**
 * Installs the dependencies when `node_modules` is not what package-lock.json asks for. npm leaves a record of what it
 * installed (node_modules/.package-lock.json); comparing the two costs a few milliseconds and also notices an install
 * that somebody else made.
 */
import { readFileSync } from "node:fs";
import { ROOT } from "./paths.mjs";
import { ToolError } from "./progress.mjs";
import { runCommand } from "./run-command.mjs";

/** @typedef {{ version?: string, integrity?: string, resolved?: string, link?: boolean, optional?: boolean }} LockEntry */
/** @typedef {Record<string, LockEntry>} LockEntries */

/**
 * Why an installation does not fit the lock file, or undefined when it does. Optional packages (other platforms'
 * binaries) may be absent, but not in another version.
 * @param {LockEntries} wanted
 * @param {LockEntries | undefined} installed
 */
export function installationProblem(wanted, installed) {
  if (installed === undefined) return "node_modules is missing";
  for (const [path, entry] of Object.entries(wanted)) {
    if (path === "") continue;
    const found = installed[path];
    if (found === undefined) {
      if (entry.optional === true) continue;
      return `${path} is not installed`;
    }
    // `resolved` is compared for links alone: elsewhere it names the registry, which may be a mirror.
    const same = found.version === entry.version && found.integrity === entry.integrity;
    if (!same || (entry.link === true && found.resolved !== entry.resolved)) return `${path} is another version`;
  }
  return undefined;
}

export async function ensureInstalled() {
  const problem = currentProblem();
  if (problem === undefined) return;
  process.stdout.write(`  Installing dependencies with npm ci (${problem}); about a minute on a fresh clone …\n`);
  const quiet = ["--no-audit", "--no-fund"];
  const exact = await runCommand("npm", ["ci", ...quiet], { cwd: ROOT, terminal: true });
  if (exact.status === 0) return;
  process.stdout.write(
    `  npm ci ended with status ${exact.status}; trying npm install, which may change the lock file …\n`,
  );
  const loose = await runCommand("npm", ["install", ...quiet], { cwd: ROOT, terminal: true });
  if (loose.status === 0) return;
  throw new ToolError(
    "The dependencies could not be installed; npm's own message stands above. " +
      "Check that the npm registry can be reached (`npm ping`; behind a proxy set `npm config set proxy`), then run the same command again.",
  );
}

function currentProblem() {
  const wanted = readEntries(`${ROOT}/package-lock.json`);
  if (wanted === undefined)
    throw new ToolError("package-lock.json is missing; restore it with `git checkout package-lock.json`.");
  return installationProblem(wanted, readEntries(`${ROOT}/node_modules/.package-lock.json`));
}

/** @param {string} file @returns {LockEntries | undefined} */
function readEntries(file) {
  let text;
  try {
    text = readFileSync(file, "utf8");
  } catch (error) {
    if (/** @type {NodeJS.ErrnoException} */ (error).code === "ENOENT") return undefined;
    throw error;
  }
  return JSON.parse(text).packages;
}
