/** The dictionaries of one model: those that ship with Patchbay, and those in the data home. */
import { randomUUID } from "node:crypto";
import { mkdir, readdir, rename, rm } from "node:fs/promises";
import { join } from "node:path";
import { HASH_CACHE_FILE } from "@patchbay/transformer";
import { editDistance, ensureDefined, PatchbayError } from "@patchbay/vocabulary";
import type { Dictionary, DictionaryWeights } from "../dictionary.ts";
import { existingFile, statusOf } from "../formats/files.ts";
import { checkDictionaryName } from "../formats/import-options.ts";
import { SPEC_FILE } from "../formats/spec-json.ts";
import { type EncodeOptions, openDictionary, syncFolder, writeDictionaryFolder } from "./dictionary-folder.ts";

export interface DictionaryRoot {
  /** Holds one folder a dictionary; need not exist. */
  readonly folder: string;
  /** Ships with Patchbay: read only. */
  readonly bundled: boolean;
}

export interface DictionaryProblem {
  readonly name: string;
  readonly folder: string;
  readonly error: PatchbayError;
}

export interface DictionaryListing {
  /** By name. */
  readonly dictionaries: readonly Dictionary[];
  /** Folders that look like dictionaries and cannot be opened. */
  readonly problems: readonly DictionaryProblem[];
}

export interface AddDictionaryOptions extends EncodeOptions {
  /** Replaces one of the same name; bundled ones never. */
  readonly overwrite?: boolean;
  readonly signal?: AbortSignal;
}

export interface DictionaryLibrary {
  list(): Promise<DictionaryListing>;
  /** @throws PatchbayError `not-found` with the nearest names; what is wrong with it where it cannot be opened */
  find(name: string): Promise<Dictionary>;
  /** Complete under its name, or not at all. @throws PatchbayError `conflict`, and as `checkDictionary` */
  add(weights: DictionaryWeights, options?: AddDictionaryOptions): Promise<Dictionary>;
  /** @throws PatchbayError `not-found`, `conflict` for a bundled one */
  remove(name: string): Promise<void>;
}

/** Leftovers of a crash are swept once they are this old: no writing takes a day. */
const STALE_MILLISECONDS = 24 * 60 * 60 * 1000;

/** @param roots in order of precedence; dictionaries are added to the first that is not bundled */
export function openDictionaryLibrary({ roots }: { readonly roots: readonly DictionaryRoot[] }): DictionaryLibrary {
  const own = roots.find(({ bundled }) => !bundled)?.folder;

  const openAt = async ({ folder: root, bundled }: DictionaryRoot, name: string): Promise<Dictionary> => {
    const folder = join(root, name);
    // Nothing is written beside what ships: its hashes are kept in the data home.
    const cacheFile = bundled && own !== undefined ? join(own, `.${name}.hash.json`) : undefined;
    if (cacheFile !== undefined && own !== undefined) await mkdir(own, { recursive: true }).catch(() => undefined);
    const dictionary = await openDictionary(folder, { bundled, ...(cacheFile === undefined ? {} : { cacheFile }) });
    if (dictionary.spec.name === name) return dictionary;
    throw new PatchbayError("damaged-file", `${folder} holds a dictionary of another name.`, {
      expected: `"${name}"`,
      received: `"${dictionary.spec.name}"`,
      advice: "Remove it and add it again.",
    });
  };

  const places = async (): Promise<readonly { readonly root: DictionaryRoot; readonly name: string }[]> => {
    if (own !== undefined) await recover(own);
    const found: { root: DictionaryRoot; name: string }[] = [];
    for (const root of roots) {
      for (const name of await namesIn(root.folder)) {
        if (!found.some((other) => other.name === name)) found.push({ root, name });
      }
    }
    return found.sort((a, b) => a.name.localeCompare(b.name, "en", { numeric: true }));
  };

  const find = async (name: string): Promise<Dictionary> => {
    const known = await places();
    const place = known.find((candidate) => candidate.name === name);
    if (place !== undefined) return openAt(place.root, name);
    throw unknownDictionary(
      name,
      known.map((candidate) => candidate.name),
    );
  };

  return {
    find,
    list: async () => {
      const dictionaries: Dictionary[] = [];
      const problems: DictionaryProblem[] = [];
      for (const { root, name } of await places()) {
        try {
          dictionaries.push(await openAt(root, name));
        } catch (cause) {
          problems.push({ name, folder: join(root.folder, name), error: asProblem(cause, name) });
        }
      }
      return { dictionaries, problems };
    },
    add: async (weights, options = {}) => {
      const name = checkDictionaryName(weights.spec.name);
      const root = ensureDefined(own, "a root that is not bundled");
      const present = (await places()).find((candidate) => candidate.name === name);
      if (present !== undefined && (present.root.bundled || options.overwrite !== true)) {
        throw alreadyThere(name, present.root.bundled);
      }
      await place(root, name, (folder) => writeDictionaryFolder(folder, weights, options));
      return find(name);
    },
    remove: async (name) => {
      const known = await places();
      const present = known.find((candidate) => candidate.name === name);
      if (present === undefined)
        throw unknownDictionary(
          name,
          known.map((candidate) => candidate.name),
        );
      if (present.root.bundled) throw bundledStays(name);
      // Out of sight in one step; what follows may be interrupted.
      const going = join(present.root.folder, `.${randomUUID()}.partial`);
      await rename(join(present.root.folder, name), going);
      await rm(going, { recursive: true });
    },
  };
}

/** Makes a folder elsewhere, flushed, and renames it to its name; an older one steps aside until the new one is there. */
async function place(root: string, name: string, write: (folder: string) => Promise<void>): Promise<void> {
  await mkdir(root, { recursive: true });
  await sweep(root);
  const folder = join(root, name);
  const temporary = join(root, `.${randomUUID()}.partial`);
  try {
    await write(temporary);
    const replaced = join(root, replacedName(name));
    const before = await rename(folder, replaced).then(
      () => true,
      (error: NodeJS.ErrnoException) => {
        if (error.code === "ENOENT") return false;
        throw error;
      },
    );
    await rename(temporary, folder);
    await syncFolder(root);
    if (before) await rm(replaced, { recursive: true });
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

function replacedName(name: string): string {
  return `.${name}.replaced`;
}

/** After a crash between the two renames the older dictionary comes back; after the second it goes. */
async function recover(root: string): Promise<void> {
  for (const entry of await readFolder(root)) {
    const name = /^\.(.+)\.replaced$/.exec(entry)?.[1];
    if (name === undefined) continue;
    if (await existingFile(join(root, name, SPEC_FILE))) await rm(join(root, entry), { recursive: true, force: true });
    else await rename(join(root, entry), join(root, name));
  }
}

async function sweep(root: string): Promise<void> {
  for (const entry of await readFolder(root)) {
    if (!/^\.[0-9a-f-]{36}\.partial$/.test(entry)) continue;
    const modified = (await statusOf(join(root, entry)))?.mtimeMs ?? Number.POSITIVE_INFINITY;
    if (Date.now() - modified > STALE_MILLISECONDS) await rm(join(root, entry), { recursive: true, force: true });
  }
}

/** Folders with a dictionary.json, or with nothing but its hash left: those are problems to be shown. */
async function namesIn(root: string): Promise<readonly string[]> {
  const names: string[] = [];
  for (const name of await readFolder(root)) {
    if (name.startsWith(".") || !(await statusOf(join(root, name)))?.isDirectory()) continue;
    const inside = await readFolder(join(root, name));
    if (inside.some((file) => file !== HASH_CACHE_FILE)) names.push(name);
  }
  return names;
}

async function readFolder(folder: string): Promise<readonly string[]> {
  return readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
}

function asProblem(cause: unknown, name: string): PatchbayError {
  if (cause instanceof PatchbayError) return cause;
  const { code } = cause as NodeJS.ErrnoException;
  if (typeof code !== "string") throw cause;
  return new PatchbayError("damaged-file", `The dictionary "${name}" cannot be read.`, { received: code, cause });
}

function unknownDictionary(name: string, names: readonly string[]): PatchbayError {
  const nearest = [...names].sort((a, b) => editDistance(a, name) - editDistance(b, name)).slice(0, 5);
  return new PatchbayError("not-found", "There is no dictionary of this name.", {
    expected: nearest.length > 0 ? `one of ${nearest.join(", ")}` : "an installed dictionary",
    received: JSON.stringify(name.slice(0, 200)),
    advice: "Add one with `patchbay add-dictionary PATH --model MODEL`.",
  });
}

function alreadyThere(name: string, bundled: boolean): PatchbayError {
  return new PatchbayError("conflict", `A dictionary named "${name}" is already there.`, {
    expected: bundled ? "another name: this one comes with Patchbay" : "another name, or leave to overwrite it",
    received: JSON.stringify(name),
  });
}

function bundledStays(name: string): PatchbayError {
  return new PatchbayError("conflict", `"${name}" comes with Patchbay and cannot be removed.`, {
    expected: "a dictionary that was added or trained here",
    received: JSON.stringify(name),
  });
}
