/**
 * The identity of a dictionary: what its numbers depend on, and nothing else. A new description, a measured quality or
 * another place on disk leave it alone; a changed weight, site or activation do not.
 */
import { createHash } from "node:crypto";
import { readFile, rename, stat, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { HASH_CACHE_FILE, sha256OfRange, type TensorSource } from "@patchbay/transformer";
import { canonicalJson } from "@patchbay/vocabulary";
import { DICTIONARY_TENSORS, type DictionarySpec } from "../dictionary.ts";
import { isObject } from "../formats/read-config.ts";

export interface HashOptions {
  readonly cacheFile?: string;
  readonly signal?: AbortSignal;
}

/** Hexadecimal SHA-256. @param file the dictionary's model.safetensors */
export async function hashDictionary(
  spec: DictionarySpec,
  source: TensorSource,
  file: string,
  { cacheFile = join(dirname(file), HASH_CACHE_FILE), signal }: HashOptions,
): Promise<string> {
  const { size, mtimeMs: modified } = await stat(file);
  const known = await readCache(cacheFile);
  const fresh = known !== undefined && known.size === size && known.modified === modified;
  const tensors = fresh ? known.tensors : await hashTensors(source, signal);
  if (!fresh) await writeCache(cacheFile, { size, modified, tensors });
  return createHash("sha256")
    .update(canonicalJson(computingPartOf(spec)))
    .update("\0")
    .update(tensors)
    .digest("hex");
}

function computingPartOf(spec: DictionarySpec) {
  const { kind, inputSite, outputSites, inputWidth, outputWidth, features, activation } = spec;
  const { inputNormalisation, subtractDecoderBias, skip, skipsFirstPosition } = spec;
  return {
    ...{ kind, inputSite, outputSites, inputWidth, outputWidth, features, activation },
    ...{ inputNormalisation, subtractDecoderBias, skip, skipsFirstPosition },
  };
}

/** In the order of DICTIONARY_TENSORS, wherever they lie in the file. Densities are only shown. */
async function hashTensors(source: TensorSource, signal: AbortSignal | undefined): Promise<string> {
  const hash = createHash("sha256");
  for (const name of Object.values(DICTIONARY_TENSORS)) {
    if (name === DICTIONARY_TENSORS.density || !source.has(name)) continue;
    const { type, shape, file, offset, length } = source.describe(name);
    const bytes = await sha256OfRange({ file, offset, length }, signal);
    hash.update(`${name}\0${type}\0${shape.join("×")}\0${bytes}\0`);
  }
  return hash.digest("hex");
}

interface KnownHash {
  readonly size: number;
  /** Milliseconds since 1970. */
  readonly modified: number;
  readonly tensors: string;
}

/** A cache that is absent or unreadable is an empty one. */
async function readCache(file: string): Promise<KnownHash | undefined> {
  try {
    const value: unknown = JSON.parse(await readFile(file, "utf8"));
    if (!isObject(value)) return undefined;
    const { size, modified, tensors } = value;
    if (typeof size !== "number" || typeof modified !== "number") return undefined;
    return typeof tensors === "string" && /^[0-9a-f]{64}$/.test(tensors) ? { size, modified, tensors } : undefined;
  } catch {
    return undefined;
  }
}

/** A dictionary in a folder that we may not write to is hashed at every start. */
async function writeCache(file: string, known: KnownHash): Promise<void> {
  const temporary = `${file}.${process.pid}.partial`;
  try {
    await writeFile(temporary, `${JSON.stringify(known)}\n`);
    await rename(temporary, file);
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "EACCES" && code !== "EROFS" && code !== "EPERM" && code !== "ENOENT") throw error;
  }
}
