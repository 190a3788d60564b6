/** `next build` of apps/web: static files in apps/web/out. No telemetry, no network. */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { stripVTControlCharacters } from "node:util";
import { fromRoot, WEB_EXPORT, WEB_FOLDER } from "./paths.mjs";
import { ToolError } from "./progress.mjs";
import { runNode } from "./run-command.mjs";

/** Next.js tells the cause first and the traces after it. */
const REPORTED_LINES = 50;

export async function buildWeb() {
  const next = createRequire(`${WEB_FOLDER}/package.json`).resolve("next/dist/bin/next");
  const { status, output } = await runNode([next, "build"], {
    cwd: WEB_FOLDER,
    env: { NEXT_TELEMETRY_DISABLED: "1", NODE_ENV: "production", NO_COLOR: "1" },
  });
  const report = () => stripVTControlCharacters(output).trim().split("\n").slice(0, REPORTED_LINES).join("\n");
  if (status !== 0) throw new ToolError(`next build ended with status ${status}:\n${report()}`);
  if (!existsSync(`${WEB_EXPORT}/index.html`)) {
    throw new ToolError(`next build ended well but wrote no ${fromRoot(WEB_EXPORT)}/index.html:\n${report()}`);
  }
}
