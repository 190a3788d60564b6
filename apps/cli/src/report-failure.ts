/** A failure as a person reads it: one paragraph, no stack unless PATCHBAY_DEBUG=1. */
import { PatchbayError } from "@patchbay/vocabulary";

export function reportFailure(error: unknown): void {
  process.stderr.write(`${describeFailure(error)}\n`);
  if (process.env.PATCHBAY_DEBUG === "1" && error instanceof Error) {
    process.stderr.write(`\n${error.stack ?? error.message}\n`);
    for (let cause = error.cause; cause instanceof Error; cause = cause.cause) {
      process.stderr.write(`caused by: ${cause.stack ?? cause.message}\n`);
    }
  }
}

export function describeFailure(error: unknown): string {
  if (error instanceof PatchbayError) {
    const place = error.facts.at === undefined ? "" : ` (in the request at ${error.facts.at})`;
    return `patchbay: ${error.message}${place}`;
  }
  const message = error instanceof Error ? error.message : String(error);
  const system = error instanceof Error ? systemFailure(error) : undefined;
  if (system !== undefined) return `patchbay: ${system}`;
  return `patchbay: unexpected failure: ${message}. Run again with PATCHBAY_DEBUG=1 to see where, and please report it.`;
}

/** The failures of the operating system that people meet, in words. */
function systemFailure(error: NodeJS.ErrnoException): string | undefined {
  const path = error.path ?? "";
  switch (error.code) {
    case "ENOENT":
      return `There is no file or folder ${path}. Check the path.`;
    case "EACCES":
    case "EPERM":
      return `No permission for ${path === "" ? error.message : path}. Choose another place, or change its permissions.`;
    case "EISDIR":
      return `${path === "" ? "The path" : path} is a folder; a file is needed.`;
    case "ENOSPC":
      return "The disk is full. Free some space, or choose another data folder with --home.";
    case "EADDRINUSE":
      return "The port is in use. Choose another with --port, or --port 0 for any free one.";
    case "EADDRNOTAVAIL":
      return "This machine does not have that address. Use --host 127.0.0.1, or 0.0.0.0 for every address.";
    default:
      return undefined;
  }
}
