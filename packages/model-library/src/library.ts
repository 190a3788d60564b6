/** The models of one data folder. */
import { readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { HASH_CACHE_FILE, type ModelManifest, readModelManifest } from "@patchbay/transformer";
import { editDistance, PatchbayError } from "@patchbay/vocabulary";
import { type AddOptions, addModel } from "./add-model.ts";
import { BUNDLED_MODEL, readBundledManifest } from "./bundled-model.ts";
import { dataHome } from "./data-home.ts";
import { type InstallOptions, installBundledModel } from "./install-bundled.ts";

export interface InstalledModel {
  readonly name: string;
  /** Where config.json and the weights are; outside the library for a model that was added by reference. */
  readonly folder: string;
  readonly manifest: ModelManifest;
  /** For `hashModelFolder`: always in the library, so that nothing is written into the user's own folders. */
  readonly hashCacheFile: string;
}

export interface ModelLibrary {
  /** The folder that holds one folder per model. */
  readonly folder: string;
  /** By name. A model by reference whose files have gone is listed all the same; opening it says what is missing. */
  list(): Promise<InstalledModel[]>;
  /** @throws PatchbayError `unknown-model` with the nearest names */
  find(name: string): Promise<InstalledModel>;
  add(path: string, options?: AddOptions): Promise<InstalledModel>;
  /** Takes the model out of the library; files of a model that was added by reference stay. */
  remove(name: string): Promise<void>;
  /** Returns at once where the model is already there. */
  installBundled(options?: InstallOptions): Promise<InstalledModel>;
}

export function openModelLibrary(home: string = dataHome()): ModelLibrary {
  const folder = join(home, "models");

  const read = async (name: string): Promise<InstalledModel | undefined> => {
    const own = join(folder, name);
    const manifest = await readModelManifest(own);
    if (manifest === undefined && !(await isFile(join(own, "config.json")))) return undefined;
    return {
      name,
      folder: manifest?.folder ?? own,
      manifest: { ...manifest, name },
      hashCacheFile: join(own, HASH_CACHE_FILE),
    };
  };
  const list = async (): Promise<InstalledModel[]> => {
    const names = (await namesIn(folder)).filter((name) => !name.startsWith("."));
    const models = await Promise.all(names.sort().map(read));
    return models.filter((model) => model !== undefined);
  };
  const find = async (name: string): Promise<InstalledModel> => {
    const models = await list();
    const model = models.find((candidate) => candidate.name === name);
    if (model !== undefined) return model;
    throw unknownModel(
      name,
      models.map((candidate) => candidate.name),
    );
  };

  return {
    folder,
    list,
    find,
    add: async (path, options) => find(await addModel(folder, path, options)),
    remove: async (name) => {
      await find(name);
      await rm(join(folder, name), { recursive: true });
    },
    installBundled: async (options) => {
      const present = await read(BUNDLED_MODEL);
      if (present !== undefined) return present;
      await installBundledModel(folder, await readBundledManifest(), options);
      return find(BUNDLED_MODEL);
    },
  };
}

async function namesIn(folder: string): Promise<string[]> {
  return readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
}

async function isFile(path: string): Promise<boolean> {
  return stat(path).then(
    (stats) => stats.isFile(),
    () => false,
  );
}

function unknownModel(name: string, names: readonly string[]): PatchbayError {
  const nearest = [...names].sort((a, b) => editDistance(a, name) - editDistance(b, name));
  return new PatchbayError("unknown-model", `No model named "${name}" is installed.`, {
    expected: nearest.length > 0 ? `one of ${nearest.join(", ")}` : "an installed model",
    received: JSON.stringify(name),
    advice: "List them with `patchbay models`; add one with `patchbay add PATH`.",
  });
}
