/** What is at a path. */
import type { Dirent, Stats } from "node:fs";
import { readdir, stat } from "node:fs/promises";
import { PatchbayError } from "@patchbay/vocabulary";

/** More entries than any dictionary's folder has: somebody gave us a home or a download folder. */
const MAXIMUM_ENTRIES = 10_000;

export async function existingFile(path: string): Promise<boolean> {
  return (await statusOf(path))?.isFile() ?? false;
}

export async function statusOf(path: string): Promise<Stats | undefined> {
  return stat(path).catch(() => undefined);
}

/** Entries in natural order (layer_2 before layer_10). @throws PatchbayError `file-not-found`, `unsupported-model` */
export async function entriesOf(folder: string): Promise<readonly Dirent[]> {
  const entries = await readdir(folder, { withFileTypes: true }).catch((cause: unknown) => {
    throw new PatchbayError("file-not-found", `${folder} cannot be listed.`, { expected: "a readable folder", cause });
  });
  if (entries.length > MAXIMUM_ENTRIES) {
    throw new PatchbayError("unsupported-model", `${folder} is not a dictionary's folder.`, {
      expected: `at most ${MAXIMUM_ENTRIES} entries`,
      received: `${entries.length}`,
    });
  }
  return entries.sort((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }));
}
