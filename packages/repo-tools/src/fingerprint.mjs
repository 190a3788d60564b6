/**
 * Whether something must be built again. Each build keeps a stamp of its inputs: first by size and time of every file
 * (a few milliseconds), then, where that differs (a fresh checkout, a touched file), by content.
 */
import { createHash } from "node:crypto";
import { existsSync, mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

const SKIPPED_FOLDERS = new Set(["node_modules", "dist", "out", ".next", "e2e", "testing", "bin"]);
const SKIPPED_FILES = /\.test\.tsx?$|\.tsbuildinfo$|^next-env\.d\.ts$|\.md$/;

/**
 * Every file below the given files and folders that can change a build, sorted.
 * @param {readonly string[]} inputs
 * @returns {string[]}
 */
export function listInputs(inputs) {
  /** @type {string[]} */
  const files = [];
  const walk = (/** @type {string} */ folder) => {
    for (const entry of readdirSync(folder, { withFileTypes: true })) {
      if (entry.isDirectory()) {
        if (!SKIPPED_FOLDERS.has(entry.name)) walk(`${folder}/${entry.name}`);
      } else if (!SKIPPED_FILES.test(entry.name)) files.push(`${folder}/${entry.name}`);
    }
  };
  for (const input of inputs) {
    if (!existsSync(input)) continue;
    if (statSync(input).isDirectory()) walk(input);
    else files.push(input);
  }
  return files.sort();
}

/** @typedef {{ stat: string, content: string }} Stamp */

/** @param {readonly string[]} files */
export function statFingerprint(files) {
  const hash = createHash("sha256");
  for (const file of files) {
    const { size, mtimeMs } = statSync(file);
    hash.update(`${file}\0${size}\0${mtimeMs}\n`);
  }
  return hash.digest("hex");
}

/** @param {readonly string[]} files */
export function contentFingerprint(files) {
  const hash = createHash("sha256");
  for (const file of files) {
    const bytes = readFileSync(file);
    hash.update(`${file}\0${bytes.length}\n`);
    hash.update(bytes);
  }
  return hash.digest("hex");
}

/**
 * Builds unless the stamp says that nothing changed since the last build that ended well.
 * @param {{ stampFile: string, inputs: readonly string[], outputs: readonly string[] }} target
 * @param {() => Promise<void>} build
 * @returns {Promise<boolean>} whether it built
 */
export async function buildIfChanged({ stampFile, inputs, outputs }, build) {
  const files = listInputs(inputs);
  const stat = statFingerprint(files);
  const stamp = readStamp(stampFile);
  const complete = stamp !== undefined && outputs.every((output) => existsSync(output));
  if (complete && stamp.stat === stat) return false;
  // Hashed before the build: a file saved while it runs makes the next call build again.
  const content = contentFingerprint(files);
  const fresh = complete && stamp.content === content;
  if (!fresh) await build();
  mkdirSync(dirname(stampFile), { recursive: true });
  writeFileSync(stampFile, JSON.stringify({ stat, content }));
  return !fresh;
}

/** @param {string} file @returns {Stamp | undefined} */
function readStamp(file) {
  return existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : undefined;
}
