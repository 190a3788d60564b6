/** The user's npm settings (registry, proxy, certificates, cache, tokens), read as npm itself reads them. */
import { dirname } from "node:path";
import Config from "@npmcli/config";
import npmDefinitions from "@npmcli/config/lib/definitions/index.js";

export async function npmOptions(): Promise<Record<string, unknown>> {
  const config = new Config({
    // Only its own npmrc would be read from there, and an npm beside Node rarely has one.
    npmPath: dirname(process.execPath),
    ...npmDefinitions,
    // Our own command line is not npm's.
    argv: [],
    warn: false,
  });
  await config.load();
  return { ...config.flat };
}
