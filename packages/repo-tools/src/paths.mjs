/** Where things are in the repository; every path that a script uses is spelled here. */
import { fileURLToPath } from "node:url";

export const ROOT = fileURLToPath(new URL("../../../", import.meta.url)).replace(/[\\/]$/, "");

export const COMMAND_LINE_BUNDLE = `${ROOT}/apps/cli/dist/patchbay.mjs`;
export const WEB_FOLDER = `${ROOT}/apps/web`;
export const WEB_EXPORT = `${WEB_FOLDER}/out`;

/** Everything the scripts keep between calls; git ignores it, deleting it is harmless. */
export const CACHE = `${ROOT}/.patchbay`;
/** The data folder of the tests: the bundled model is installed there once. */
export const TEST_HOME = `${CACHE}/test-home`;

/** @param {string} absolute */
export function fromRoot(absolute) {
  return absolute.startsWith(`${ROOT}/`) ? absolute.slice(ROOT.length + 1) : absolute;
}
