/**
 * The identity of a model: one hash over what its numbers depend on. Results are stored under it, so it must not change
 * with the folder's place, and a start must not read gigabytes again to know it.
 */
import { createHash } from "node:crypto";
import { readFile, rename, stat, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { canonicalJson, PatchbayError } from "@patchbay/vocabulary";
import { sha256OfRange } from "./file-range.ts";
import { weightFiles } from "./tensor-folder.ts";

/** Beside the model: hashes of its weight files, by size and modification time. Deleting it only costs time. */
export const HASH_CACHE_FILE = ".patchbay.json";

interface KnownHash {
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly modified: number;
  readonly sha256: string;
}

export interface HashOptions {
  readonly signal?: AbortSignal;
  /** Where hashes are kept between starts; beside the model unless given. */
  readonly cacheFile?: string;
}

/** SHA-256 (hexadecimal) over canonical config.json, the bytes of tokenizer.json, and each weight file's name and hash. */
export async function hashModelFolder(folder: string, options: HashOptions = {}): Promise<string> {
  const config = await readFile(join(folder, "config.json"), "utf8").catch((cause: unknown) => {
    throw new PatchbayError("file-not-found", `${folder} is not a model folder.`, {
      expected: "a folder with config.json",
      cause,
    });
  });
  const hash = createHash("sha256");
  hash.update(canonicalJson(parseConfig(config, folder)));
  hash.update("\0tokenizer\0").update((await readIfThere(join(folder, "tokenizer.json"))) ?? "");
  for (const [name, sha256] of await hashWeightFiles(folder, options)) hash.update(`\0${name}\0${sha256}`);
  return hash.digest("hex");
}

async function hashWeightFiles(folder: string, options: HashOptions): Promise<[string, string][]> {
  const cacheFile = options.cacheFile ?? join(folder, HASH_CACHE_FILE);
  const known = await readCache(cacheFile);
  const current: Record<string, KnownHash> = {};
  let changed = false;
  for (const name of await weightFiles(folder)) {
    const file = join(folder, name);
    const { size, mtimeMs: modified } = await stat(file);
    const before = known[name];
    const fresh = before?.size === size && before.modified === modified;
    current[name] = fresh ? before : { size, modified, sha256: await sha256OfRange({ file }, options.signal) };
    changed ||= !fresh;
  }
  if (changed) await writeCache(cacheFile, current);
  return Object.entries(current).map(([name, { sha256 }]) => [name, sha256]);
}

function parseConfig(text: string, folder: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new PatchbayError("damaged-file", `${join(folder, "config.json")} is not JSON.`, {
      advice: "Take config.json from the model's own folder.",
      cause,
    });
  }
}

async function readIfThere(file: string): Promise<Uint8Array | undefined> {
  return readFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
}

/** A cache that is absent or unreadable is an empty one. */
async function readCache(file: string): Promise<Record<string, KnownHash>> {
  const bytes = await readIfThere(file);
  if (bytes === undefined) return {};
  try {
    return (JSON.parse(new TextDecoder().decode(bytes)) as { files?: Record<string, KnownHash> }).files ?? {};
  } catch {
    return {};
  }
}

/** A model in a folder that we may not write to is hashed at every start. */
async function writeCache(file: string, files: Record<string, KnownHash>): Promise<void> {
  const temporary = `${file}.${process.pid}.partial`;
  try {
    await writeFile(temporary, `${JSON.stringify({ files }, undefined, 2)}\n`);
    await rename(temporary, file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "EACCES" && code !== "EROFS" && code !== "EPERM") throw error;
  }
}
