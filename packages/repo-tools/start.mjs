/** npm start: makes what is missing (dependencies, builds), then serves from this same process. */
import { requireRecentNode } from "./src/node-version.mjs";

requireRecentNode();
const { runScript } = await import("./src/progress.mjs");
const { ensureInstalled } = await import("./src/install.mjs");
const { ensureBuilt } = await import("./src/build-all.mjs");
const { COMMAND_LINE_BUNDLE } = await import("./src/paths.mjs");
const { pathToFileURL } = await import("node:url");

await runScript(async () => {
  await ensureInstalled();
  await ensureBuilt();
  const { main } = await import(pathToFileURL(COMMAND_LINE_BUNDLE).href);
  return main(["serve", ...process.argv.slice(2)]);
});
