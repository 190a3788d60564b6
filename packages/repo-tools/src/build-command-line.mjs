/**
 * Bundles the command line, the server and our packages into apps/cli/dist; npm's packages stay outside, where their
 * native files are. Every chunk lies in the same folder, so that one relative path leads back to the sources.
 */
import { existsSync } from "node:fs";
import { readFile, rm } from "node:fs/promises";
import { dirname, relative } from "node:path";
import { build } from "esbuild";
import { COMMAND_LINE_BUNDLE, ROOT } from "./paths.mjs";
import { ToolError } from "./progress.mjs";
import { packageOf } from "./workspaces.mjs";

export async function buildCommandLine() {
  const folder = dirname(COMMAND_LINE_BUNDLE);
  await rm(folder, { recursive: true, force: true });
  try {
    await build({
      entryPoints: { patchbay: `${ROOT}/apps/cli/src/main.ts` },
      outdir: folder,
      outExtension: { ".js": ".mjs" },
      chunkNames: "[name]-[hash]",
      bundle: true,
      splitting: true,
      format: "esm",
      platform: "node",
      target: "node20",
      sourcemap: true,
      logLevel: "silent",
      plugins: [npmPackagesStayOutside, filesKeepTheirAddress(folder)],
    });
  } catch (error) {
    throw new ToolError(`The bundle could not be made:\n${error instanceof Error ? error.message : String(error)}`);
  }
}

/**
 * Node looks for the bundle's imports from apps/cli upwards. A package that npm put elsewhere (beside the one workspace
 * that uses it, for versions that differ) is not found there, and goes into the bundle.
 * @type {import("esbuild").Plugin}
 */
const npmPackagesStayOutside = {
  name: "npm-packages-stay-outside",
  setup({ onResolve }) {
    onResolve({ filter: /^[^./]/ }, ({ path, kind, resolveDir }) => {
      if (kind === "entry-point" || path.startsWith("@patchbay/")) return undefined;
      return liesBesideImporter(packageOf(path), resolveDir) ? undefined : { path, external: true };
    });
  },
};

/** @param {string} name @param {string} importer its folder */
function liesBesideImporter(name, importer) {
  for (let folder = importer; folder.startsWith(ROOT) && folder !== ROOT; folder = dirname(folder)) {
    if (existsSync(`${folder}/node_modules/${name}`)) return !COMMAND_LINE_BUNDLE.startsWith(`${folder}/`);
  }
  return false;
}

/**
 * A source that looks for a file beside itself writes `new URL("./x", import.meta.url)`; in the bundle that address must
 * still be the source's own.
 * @param {string} folder
 * @returns {import("esbuild").Plugin}
 */
function filesKeepTheirAddress(folder) {
  return {
    name: "files-keep-their-address",
    setup({ onLoad }) {
      onLoad({ filter: /[\\/](packages|apps)[\\/].*\.ts$/ }, async ({ path }) => {
        const source = await readFile(path, "utf8");
        if (/import\.meta\.(dirname|filename)/.test(source)) {
          return { errors: [{ text: "Use import.meta.url: the bundle keeps that address alone." }] };
        }
        if (!source.includes("import.meta.url")) return undefined;
        const address = JSON.stringify(relative(folder, path).replaceAll("\\", "/"));
        return {
          contents: source.replaceAll("import.meta.url", `new URL(${address}, import.meta.url).href`),
          loader: "ts",
        };
      });
    },
  };
}
