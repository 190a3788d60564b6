/**
 * The layer law, once: imports go from a higher layer to a strictly lower one. dependency-cruiser, the manifest check and
 * the builds all read this table.
 *
 * `side` says who may load a package: "engine" runs in Node, "screen" in a browser, "both" anywhere. The two sides meet
 * only in the packages of both.
 */

/** @typedef {"engine" | "screen" | "both"} Side */
/** @typedef {{ name: string, layer: number, side: Side }} Package */

/** @type {readonly Package[]} */
export const PACKAGES = [
  { name: "vocabulary", layer: 0, side: "both" },
  { name: "contract", layer: 1, side: "both" },
  { name: "charts", layer: 1, side: "screen" },
  { name: "circuit-graph", layer: 1, side: "both" },
  { name: "onnx-graph", layer: 1, side: "engine" },
  { name: "transformer", layer: 2, side: "engine" },
  { name: "workbench-state", layer: 2, side: "screen" },
  { name: "runtime", layer: 3, side: "engine" },
  { name: "store", layer: 3, side: "engine" },
  { name: "dictionary", layer: 3, side: "engine" },
  { name: "model-library", layer: 3, side: "engine" },
  { name: "analysis", layer: 4, side: "engine" },
];

/** Apps compose; they are never imported, but the command line starts the server. */
export const APPS = [
  { name: "server", side: "engine", apps: [] },
  { name: "cli", side: "engine", apps: ["server"] },
  { name: "bench", side: "engine", apps: ["server"] },
  { name: "web", side: "screen", apps: [] },
];

/** @param {"engine" | "screen"} side */
export function packagesOfSide(side) {
  return PACKAGES.filter((entry) => entry.side === side || entry.side === "both").map(({ name }) => name);
}

/**
 * The packages that a package's sources may import.
 * @param {string} name
 */
export function importableFrom(name) {
  const importer = PACKAGES.find((entry) => entry.name === name);
  if (importer === undefined)
    throw new Error(`packages/${name} is not in the layer table (packages/repo-tools/src/layers.mjs)`);
  return PACKAGES.filter(({ layer, side }) => layer < importer.layer && meets(importer.side, side)).map(
    (entry) => entry.name,
  );
}

/** @param {Side} importer @param {Side} imported */
function meets(importer, imported) {
  return imported === "both" || imported === importer;
}
