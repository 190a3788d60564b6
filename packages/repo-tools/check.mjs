/** npm run check: format, lint, types, layers, manifests, sizes. Everything runs even when one fails. */
import { requireRecentNode } from "./src/node-version.mjs";

requireRecentNode();
const { runScript, seconds } = await import("./src/progress.mjs");
const { ensureInstalled } = await import("./src/install.mjs");

await runScript(async () => {
  const begin = performance.now();
  await ensureInstalled();
  const { runChecks } = await import("./src/run-checks.mjs");
  const failed = (await runChecks()).filter(({ passed }) => !passed);
  const outcome = failed.length === 0 ? "All checks passed" : `Failed: ${failed.map(({ name }) => name).join(", ")}`;
  process.stdout.write(`${outcome} (${seconds(performance.now() - begin)}).\n`);
  return failed.length === 0 ? 0 : 1;
});
