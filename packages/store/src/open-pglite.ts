/**
 * PGlite on a folder, with commits that reach the disk.
 *
 * As shipped, PGlite starts Postgres with `-F` (no fsync) and its file system ignores fsync: a commit survives `kill -9` but
 * not a power cut. Here fsync is on and is passed on to Node; it costs about 0.3 ms a commit on a laptop's disk.
 */
import { closeSync, existsSync, fsyncSync, openSync } from "node:fs";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { dirname, join } from "node:path";
import { PGlite } from "@electric-sql/pglite";
import { NodeFS } from "@electric-sql/pglite/nodefs";
import { PatchbayError } from "@patchbay/vocabulary";

// fdatasync, the default method, ends in a stub of the WebAssembly build; fsync arrives.
const START_PARAMETERS = [...PGlite.defaultStartParams.filter((p) => p !== "-F"), "-c", "wal_sync_method=fsync"];

export async function openPglite(folder: string): Promise<PGlite> {
  if (!existsSync(join(folder, "PG_VERSION"))) await createCluster(folder);
  return open(folder);
}

/** Made beside its place and moved there when whole: a process killed on the way leaves nothing half-made behind. */
async function createCluster(folder: string): Promise<void> {
  const making = `${folder}.making`;
  await rm(making, { recursive: true, force: true });
  await mkdir(dirname(folder), { recursive: true });
  await (await open(making)).close();
  await syncTree(making);
  await rename(making, folder);
  syncPath(dirname(folder));
}

async function open(folder: string): Promise<PGlite> {
  const database = new PGlite({ fs: new SyncingFileSystem(folder), startParams: START_PARAMETERS });
  try {
    await database.waitReady;
    return database;
  } catch (cause) {
    throw new PatchbayError("damaged-file", `The database in ${folder} does not open.`, {
      received: cause instanceof Error ? cause.message : String(cause),
      advice: "Move the folder away to start with an empty database; the models are kept elsewhere and stay.",
      cause,
    });
  }
}

interface EmscriptenModule {
  readonly NODEFS: { readonly stream_ops: { fsync?: (stream: { nfd?: number }) => number } };
}

/** NodeFS whose files can be synchronised. */
class SyncingFileSystem extends NodeFS {
  override async init(...parameters: Parameters<NodeFS["init"]>): ReturnType<NodeFS["init"]> {
    const { emscriptenOpts } = await super.init(...parameters);
    const passFsyncOn = (module: unknown) => {
      (module as EmscriptenModule).NODEFS.stream_ops.fsync = ({ nfd }) => {
        if (nfd !== undefined) fsyncSync(nfd);
        return 0;
      };
    };
    return { emscriptenOpts: { ...emscriptenOpts, preRun: [...(emscriptenOpts.preRun ?? []), passFsyncOn] } };
  }
}

async function syncTree(folder: string): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true, recursive: true })) {
    syncPath(join(entry.parentPath, entry.name));
  }
  syncPath(folder);
}

function syncPath(path: string): void {
  const descriptor = openSync(path, "r");
  try {
    fsyncSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}
