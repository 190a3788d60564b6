/**
 * Manifests tell the truth: what a workspace imports is in its package.json, what is listed is imported, our own packages
 * are imported by name (never by a path into their folder), and every package stands in the layer table.
 */
import { readFileSync } from "node:fs";
import { builtinModules } from "node:module";
import { posix } from "node:path";
import ts from "typescript";
import { APPS, importableFrom, PACKAGES } from "./layers.mjs";
import { ROOT } from "./paths.mjs";
import { listFiles, listWorkspaces, packageOf, readManifest } from "./workspaces.mjs";

/** Not part of the layers: scripts that nobody imports. */
const UNLAYERED = new Set(["packages/repo-tools"]);
const SOURCE = /\.(ts|tsx|mjs)$/;
/** Tests, test helpers and configuration may also use the root's devDependencies. */
const DEVELOPMENT = /\.test\.tsx?$|\/testing\/|\/e2e\/|\.config\.\w+$/;

/**
 * @param {string} [root]
 * @returns {string[]} one line a problem
 */
export function manifestProblems(root = ROOT) {
  const shared = readManifest(`${root}/package.json`).devDependencies ?? {};
  return listWorkspaces(root).flatMap((workspace) => [
    ...layerProblems(workspace),
    ...importProblems(workspace, shared, root),
  ]);
}

/** @param {import("./workspaces.mjs").Workspace} workspace */
function layerProblems({ folder, dependencies }) {
  if (UNLAYERED.has(folder)) return [];
  const [parent, name = ""] = folder.split("/");
  const known = parent === "apps" ? APPS : PACKAGES;
  if (!known.some((entry) => entry.name === name))
    return [`${folder} is not in the layer table (packages/repo-tools/src/layers.mjs)`];
  if (parent === "apps") return [];
  const allowed = new Set(importableFrom(name));
  return Object.keys(dependencies)
    .filter((dependency) => dependency.startsWith("@patchbay/") && !allowed.has(dependency.slice("@patchbay/".length)))
    .map((dependency) => `${folder}/package.json depends on ${dependency}, which its layer may not import`);
}

/**
 * @param {import("./workspaces.mjs").Workspace} workspace
 * @param {Record<string, string>} shared the root's devDependencies
 * @param {string} root
 */
function importProblems({ folder, name, dependencies, devDependencies }, shared, root) {
  /** @type {string[]} */
  const problems = [];
  const used = new Set();
  for (const file of listFiles(folder, SOURCE, root)) {
    const forDevelopment = UNLAYERED.has(folder) || DEVELOPMENT.test(file);
    for (const specifier of importsOf(readFileSync(`${root}/${file}`, "utf8"), file)) {
      if (specifier.startsWith(".")) {
        const target = posix.join(posix.dirname(file), specifier);
        if (!target.startsWith(`${folder}/`))
          problems.push(`${file} imports ${specifier}: another workspace is imported by its name`);
        continue;
      }
      if (isNotAPackage(specifier)) continue;
      const wanted = packageOf(specifier);
      if (wanted === name) continue;
      used.add(wanted);
      if (wanted in dependencies || (forDevelopment && (wanted in devDependencies || wanted in shared))) continue;
      problems.push(`${file} imports ${specifier}, but ${folder}/package.json does not list ${wanted}`);
    }
  }
  const unused = Object.keys(dependencies).filter(
    (dependency) => !used.has(dependency) && !loadedByName(folder, dependency),
  );
  return [
    ...problems,
    ...unused.map((dependency) => `${folder}/package.json lists ${dependency}, but nothing imports it`),
  ];
}

/** react-dom is loaded by Next.js, fonts by style sheets. @param {string} folder @param {string} dependency */
function loadedByName(folder, dependency) {
  return (
    folder === "apps/web" &&
    (dependency === "react-dom" || dependency === "next" || dependency.startsWith("@fontsource"))
  );
}

/**
 * Everything that a source imports, `import()` and types included.
 * @param {string} text
 * @param {string} file
 */
export function importsOf(text, file) {
  if (file.endsWith(".mjs")) return ts.preProcessFile(text, true, true).importedFiles.map(({ fileName }) => fileName);
  return ts.preProcessFile(text, true, false).importedFiles.map(({ fileName }) => fileName);
}

/** Node's own modules and aliases. @param {string} specifier */
function isNotAPackage(specifier) {
  return /^(node:|#|@\/)/.test(specifier) || builtinModules.includes(specifier);
}
