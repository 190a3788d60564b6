/** `patchbay run`: one request, the same JSON as POST /api/v1/runs, no server. */
import { readFile, writeFile } from "node:fs/promises";
import { text } from "node:stream/consumers";
import { BUNDLED_MODEL, openModelLibrary } from "@patchbay/model-library";
import { openInstalledModels } from "@patchbay/server";
import { encodeSafetensors } from "@patchbay/transformer";
import { cancelOnInterrupt } from "../cancel-on-interrupt.ts";
import { resolveHome } from "../home.ts";
import { installBundled } from "../install-bundled.ts";
import { parseRunRequest } from "../parse-run-request.ts";

export interface RunOptions {
  readonly home?: string;
  readonly output?: string;
  readonly safetensors?: string;
}

export async function runRequest(source: string, { home: chosen, output, safetensors }: RunOptions): Promise<void> {
  const home = resolveHome(chosen);
  const request = parseRunRequest(await readSource(source));
  await cancelOnInterrupt(async (signal) => {
    // The bundled model is fetched where it is missing, so that the first command may be this one.
    if (request.model === BUNDLED_MODEL) await installBundled(openModelLibrary(home), signal);
    const service = await openInstalledModels(home).get(request.model);
    const { result, tensors } = await service.run(request, { signal });
    if (safetensors !== undefined) await writeFile(safetensors, encodeSafetensors(tensors));
    // People get line breaks; programs and files get what the API sends.
    const readable = output === undefined && process.stdout.isTTY === true;
    const json = `${JSON.stringify(result, undefined, readable ? 2 : 0)}\n`;
    if (output === undefined) await writeToStandardOutput(json);
    else await writeFile(output, json);
  });
}

async function readSource(source: string): Promise<string> {
  if (source !== "-") return readFile(source, "utf8");
  if (process.stdin.isTTY) process.stderr.write("Reading the request from the terminal; end with Ctrl-D.\n");
  return text(process.stdin);
}

/** A reader that closes early (`| head`) has what it wanted. */
function writeToStandardOutput(json: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.once("error", (error: NodeJS.ErrnoException) =>
      error.code === "EPIPE" ? resolve() : reject(error),
    );
    process.stdout.write(json, () => resolve());
  });
}
