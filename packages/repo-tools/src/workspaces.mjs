/** The workspaces and their source files, as the checks see them. */
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { ROOT } from "./paths.mjs";

/**
 * @typedef {object} Workspace
 * @property {string} folder from the root: "packages/store"
 * @property {string} name as in package.json: "@patchbay/store"
 * @property {Record<string, string>} dependencies
 * @property {Record<string, string>} devDependencies
 */

const SKIPPED_FOLDERS = new Set(["node_modules", "dist", "out", ".next", ".patchbay", ".git", ".venv"]);

/** @returns {Workspace[]} */
export function listWorkspaces(root = ROOT) {
  return ["packages", "apps"]
    .flatMap((parent) => subfolders(`${root}/${parent}`).map((name) => `${parent}/${name}`))
    .filter((folder) => existsSync(`${root}/${folder}/package.json`))
    .map((folder) => {
      const { name, dependencies = {}, devDependencies = {} } = readManifest(`${root}/${folder}/package.json`);
      return { folder, name, dependencies, devDependencies };
    });
}

/** @param {string} file @returns {{ name: string, dependencies?: Record<string, string>, devDependencies?: Record<string, string> }} */
export function readManifest(file) {
  return JSON.parse(readFileSync(file, "utf8"));
}

/**
 * Files below a folder whose name fits, sorted, as paths from the root.
 * @param {string} folder from the root
 * @param {RegExp} name
 * @param {string} [root]
 * @returns {string[]}
 */
export function listFiles(folder, name, root = ROOT) {
  const path = `${root}/${folder}`;
  if (!existsSync(path)) return [];
  return readdirSync(path, { withFileTypes: true })
    .flatMap((entry) => {
      const child = `${folder}/${entry.name}`;
      if (entry.isDirectory()) return SKIPPED_FOLDERS.has(entry.name) ? [] : listFiles(child, name, root);
      return name.test(entry.name) ? [child] : [];
    })
    .sort();
}

/** @param {string} path */
function subfolders(path) {
  if (!existsSync(path)) return [];
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map(({ name }) => name);
}

/** The package of an import: "@scope/name/deep" is of "@scope/name". @param {string} specifier */
export function packageOf(specifier) {
  const [first = "", second = ""] = specifier.split("/");
  return specifier.startsWith("@") ? `${first}/${second}` : first;
}
