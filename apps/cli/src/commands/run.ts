/** `patchbay run`: one request, the same JSON as POST /api/v1/runs, no server. */
import { readFile, writeFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { PatchbayError } from "@patchbay/vocabulary";
import { withInstalledModels } from "../compose.ts";
import { parseRunRequest } from "../parse-run-request.ts";

export interface RunOptions {
  readonly home?: string;
  readonly output?: string;
  readonly safetensors?: string;
}

export async function runRequest(source: string, { home, output, safetensors }: RunOptions): Promise<void> {
  const request = parseRunRequest(await readSource(source));
  const controller = new AbortController();
  const cancel = () => controller.abort();
  process.once("SIGINT", cancel);
  try {
    await withInstalledModels(home, async (models) => {
      const service = await models.open(request.model);
      const { result, tensors } = await service.run(request, { signal: controller.signal });
      const json = `${JSON.stringify(result, undefined, 2)}\n`;
      if (output === undefined) process.stdout.write(json);
      else await writeFile(output, json);
      if (safetensors !== undefined) await writeTensors(safetensors, tensors);
    });
  } finally {
    process.off("SIGINT", cancel);
  }
}

async function readSource(source: string): Promise<string> {
  if (source !== "-") return readFile(source, "utf8");
  if (process.stdin.isTTY) process.stderr.write("Reading the request from the terminal; end with Ctrl-D.\n");
  return text(process.stdin);
}
