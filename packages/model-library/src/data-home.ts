/** The one folder that holds everything between starts: models, results, jobs. */
import { homedir } from "node:os";
import { join, resolve } from "node:path";

interface Surroundings {
  readonly environment?: Readonly<Record<string, string | undefined>>;
  readonly platform?: NodeJS.Platform;
  readonly home?: string;
}

/** `PATCHBAY_HOME`, else where the operating system keeps data of applications. The folder need not exist yet. */
export function dataHome({
  environment = process.env,
  platform = process.platform,
  home = homedir(),
}: Surroundings = {}): string {
  const chosen = environment["PATCHBAY_HOME"];
  if (chosen !== undefined && chosen !== "") return resolve(chosen);
  if (platform === "darwin") return join(home, "Library", "Application Support", "patchbay");
  if (platform === "win32") return join(environment["LOCALAPPDATA"] ?? join(home, "AppData", "Local"), "patchbay");
  const data = environment["XDG_DATA_HOME"];
  // The XDG specification says to ignore a relative path.
  return join(data?.startsWith("/") ? data : join(home, ".local", "share"), "patchbay");
}
