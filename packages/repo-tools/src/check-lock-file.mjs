/**
 * The lock file serves every platform. npm leaves out optional packages that the registry of the day did not have; `npm ci`
 * then fails, or works here and not on another system.
 */
import { readFileSync } from "node:fs";
import { ROOT } from "./paths.mjs";

/** @typedef {Record<string, { version?: string, optionalDependencies?: Record<string, string> }>} Entries */

/** @returns {string[]} one line a package */
export function lockFileProblems() {
  return incompletePackages(JSON.parse(readFileSync(`${ROOT}/package-lock.json`, "utf8")).packages);
}

/** @param {Entries} entries */
export function incompletePackages(entries) {
  const known = new Set(
    Object.keys(entries).map((path) => path.slice(path.lastIndexOf("node_modules/") + "node_modules/".length)),
  );
  return Object.entries(entries).flatMap(([path, { version, optionalDependencies = {} }]) => {
    const absent = Object.keys(optionalDependencies).filter((name) => !known.has(name));
    if (absent.length === 0) return [];
    return [
      `package-lock.json lacks what ${path} ${version} needs elsewhere: ${absent.join(", ")}; pin a version that is complete`,
    ];
  });
}
