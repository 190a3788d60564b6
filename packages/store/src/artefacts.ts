/**
 * Derived data that is scanned, not searched: one folder per model hash, plain files in it.
 * A write is whole or absent, also after a power cut: temporary file, fsync, rename, fsync of the folder.
 */
import { randomUUID } from "node:crypto";
import { mkdir, open, readdir, readFile, rename, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { PatchbayError } from "@patchbay/vocabulary";

export interface ArtefactFolder {
  read(key: string): Promise<Uint8Array | undefined>;
  /** Atomic: a reader sees the old bytes or the new, never a part. */
  write(key: string, bytes: Uint8Array): Promise<void>;
  /** Keys that begin so, in alphabetical order. */
  list(prefix: string): Promise<string[]>;
  /** Nothing happens where there is none. */
  remove(key: string): Promise<void>;
}

/** What a write that was killed leaves behind: never a key. */
const PARTIAL = /\.[0-9a-f]{8}(?:-[0-9a-f]{4}){3}-[0-9a-f]{12}\.part$/;

const STALE_MILLISECONDS = 60 * 60 * 1000;

/** The folder of each model is named by its hash, so replaced weights never meet old results. */
export function openArtefacts(home: string): (modelHash: string) => ArtefactFolder {
  return (modelHash) => openFolder(join(home, "artefacts", plainName(modelHash)));
}

function openFolder(folder: string): ArtefactFolder {
  let swept = false;
  return {
    async read(key) {
      return readFile(join(folder, plainName(key))).catch(absentAs(undefined));
    },
    async write(key, bytes) {
      const target = join(folder, plainName(key));
      await mkdir(folder, { recursive: true });
      if (!swept) await sweep(folder);
      swept = true;
      const temporary = `${target}.${randomUUID()}.part`;
      try {
        const file = await open(temporary, "wx");
        try {
          await file.writeFile(bytes);
          await file.sync();
        } finally {
          await file.close();
        }
        await rename(temporary, target);
      } catch (error) {
        await rm(temporary, { force: true });
        throw error;
      }
      await syncFolder(folder);
    },
    async list(prefix) {
      const names = await readdir(folder).catch(absentAs([]));
      return names.filter((name) => name.startsWith(prefix) && !PARTIAL.test(name)).sort();
    },
    async remove(key) {
      await rm(join(folder, plainName(key)), { force: true });
    },
  };
}

/** Large parts of a killed write would take up the disk for ever. Fresh ones belong to a process that is writing. */
async function sweep(folder: string): Promise<void> {
  for (const name of await readdir(folder)) {
    if (!PARTIAL.test(name)) continue;
    const path = join(folder, name);
    const written = await stat(path).catch(absentAs(undefined));
    if (written !== undefined && Date.now() - written.mtimeMs > STALE_MILLISECONDS) await rm(path, { force: true });
  }
}

/** The rename itself is durable only when the folder is. Windows cannot open folders, and needs no such step. */
async function syncFolder(folder: string): Promise<void> {
  if (process.platform === "win32") return;
  const handle = await open(folder, "r");
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
}

function absentAs<Value>(value: Value): (error: NodeJS.ErrnoException) => Value {
  return (error) => {
    if (error.code === "ENOENT") return value;
    throw error;
  };
}

function plainName(name: string): string {
  if (/^[A-Za-z0-9][A-Za-z0-9._-]*$/.test(name)) return name;
  throw new PatchbayError("bad-request", "This is no name for an artefact.", {
    expected: "letters, digits, dots, hyphens and underscores",
    received: JSON.stringify(name),
  });
}
