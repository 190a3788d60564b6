/** node run-typescript.mjs FILE [ARGUMENTS]: runs a TypeScript file of the repository. */
import { requireRecentNode } from "./src/node-version.mjs";

requireRecentNode();
const { runScript, ToolError } = await import("./src/progress.mjs");
const { ensureInstalled } = await import("./src/install.mjs");
const { runNode } = await import("./src/run-command.mjs");
const { ROOT } = await import("./src/paths.mjs");

await runScript(async () => {
  const [file, ...args] = process.argv.slice(2);
  if (file === undefined) throw new ToolError("Name the TypeScript file to run.");
  await ensureInstalled();
  const { status } = await runNode(["--enable-source-maps", "--import", "tsx", file, ...args], {
    cwd: ROOT,
    terminal: true,
  });
  return status;
});
