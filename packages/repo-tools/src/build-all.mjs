/** Both builds, side by side, each only when its inputs changed. */
import { buildIfChanged } from "./fingerprint.mjs";
import { packagesOfSide } from "./layers.mjs";
import { CACHE, COMMAND_LINE_BUNDLE, ROOT, WEB_EXPORT, WEB_FOLDER } from "./paths.mjs";
import { step } from "./progress.mjs";

const SHARED_INPUTS = ["package-lock.json", "tsconfig.base.json", "packages/repo-tools/src"].map(
  (path) => `${ROOT}/${path}`,
);

const TARGETS = [
  {
    name: "command-line",
    title: "Bundling the server and the command line",
    inputs: [
      `${ROOT}/apps/cli`,
      `${ROOT}/apps/server`,
      ...packagesOfSide("engine").map((name) => `${ROOT}/packages/${name}`),
    ],
    outputs: [COMMAND_LINE_BUNDLE],
    load: async () => (await import("./build-command-line.mjs")).buildCommandLine,
  },
  {
    name: "web",
    title: "Building the pages (about half a minute)",
    inputs: [WEB_FOLDER, ...packagesOfSide("screen").map((name) => `${ROOT}/packages/${name}`)],
    outputs: [`${WEB_EXPORT}/index.html`],
    load: async () => (await import("./build-web.mjs")).buildWeb,
  },
];

/**
 * @param {readonly string[]} [names] "command-line", "web"; default both
 * @returns {Promise<string[]>} the names of those that were built
 */
export async function ensureBuilt(names) {
  const wanted = TARGETS.filter(({ name }) => names === undefined || names.length === 0 || names.includes(name));
  const built = await Promise.all(
    wanted.map(({ name, title, inputs, outputs, load }) =>
      buildIfChanged(
        { stampFile: `${CACHE}/stamps/${name}.json`, inputs: [...inputs, ...SHARED_INPUTS], outputs },
        async () => step(title, await load()),
      ),
    ),
  );
  return wanted.filter((_, index) => built[index]).map(({ name }) => name);
}
