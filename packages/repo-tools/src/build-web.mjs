/** `next build` of apps/web: static files in apps/web/out. No telemetry, no network. */
import { existsSync } from "node:fs";
import { createRequire } from "node:module";
import { fromRoot, WEB_EXPORT, WEB_FOLDER } from "./paths.mjs";
import { ToolError } from "./progress.mjs";
import { lastLines, runNode } from "./run-command.mjs";

export async function buildWeb() {
  const next = createRequire(`${WEB_FOLDER}/package.json`).resolve("next/dist/bin/next");
  const { status, output } = await runNode([next, "build"], {
    cwd: WEB_FOLDER,
    env: { NEXT_TELEMETRY_DISABLED: "1", NODE_ENV: "production", NO_COLOR: "1" },
  });
  if (status !== 0) throw new ToolError(`next build ended with status ${status}:\n${lastLines(output, 40)}`);
  if (!existsSync(`${WEB_EXPORT}/index.html`)) {
    throw new ToolError(
      `next build ended well but wrote no ${fromRoot(WEB_EXPORT)}/index.html:\n${lastLines(output, 40)}`,
    );
  }
}
