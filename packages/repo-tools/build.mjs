/** npm run build [command-line] [web]: what changed since the last build. */
import { requireRecentNode } from "./src/node-version.mjs";

requireRecentNode();
const { runScript, seconds } = await import("./src/progress.mjs");
const { ensureInstalled } = await import("./src/install.mjs");
const { ensureBuilt } = await import("./src/build-all.mjs");

await runScript(async () => {
  const begin = performance.now();
  await ensureInstalled();
  const built = await ensureBuilt(process.argv.slice(2));
  const outcome = built.length === 0 ? "Nothing to build" : `Built: ${built.join(", ")}`;
  process.stdout.write(`${outcome} (${seconds(performance.now() - begin)}).\n`);
});
