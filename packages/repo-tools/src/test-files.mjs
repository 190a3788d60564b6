/** Which test files to run: all of them, or those whose path contains a filter. Node 20's runner takes no patterns. */
import { ROOT } from "./paths.mjs";
import { ToolError } from "./progress.mjs";
import { listFiles } from "./workspaces.mjs";

/**
 * @param {readonly string[]} filters parts of paths: "packages/runtime", "lens"
 * @param {string} [root]
 */
export function selectTestFiles(filters, root = ROOT) {
  const all = ["packages", "apps", "notebooks"].flatMap((folder) => listFiles(folder, /\.test\.tsx?$/, root));
  if (filters.length === 0) return all;
  const selected = all.filter((file) => filters.some((filter) => file.includes(filter.replace(/^\.\//, ""))));
  if (selected.length > 0) return selected;
  throw new ToolError(
    `No test file's path contains ${filters.map((filter) => `"${filter}"`).join(" or ")}; there are ${all.length} test files.`,
  );
}
