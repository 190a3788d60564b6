/** The one place where concrete parts are chosen: runtime, model library, analyses. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { type ArtefactStore, ENGINE_VERSION, type ModelService, openModelService } from "@patchbay/analysis";
import { BUNDLED_MODEL, bundledReferenceText, type InstalledModel, openModelLibrary } from "@patchbay/model-library";
import { createRuntime, type Runtime } from "@patchbay/runtime";
import { openArtefacts } from "@patchbay/store";
import {
  describeModel,
  hashModelFolder,
  openTensorFolder,
  openTokenizer,
  readModelConfig,
} from "@patchbay/transformer";
import { PatchbayError } from "@patchbay/vocabulary";
import type { ModelLibrary } from "./models/model-directory.ts";
import type { EngineFacts } from "./services.ts";

/** Beside a model's config.json: texts, one a line, over which its activations are measured. */
const REFERENCE_TEXT = "reference.txt";

export interface Composition {
  readonly library: ModelLibrary<InstalledModel>;
  readonly engine: EngineFacts;
  openModel(installed: InstalledModel, artefacts: (modelHash: string) => ArtefactStore): Promise<ModelService>;
}

export function compose(home: string): Composition {
  const runtime = createRuntime();
  const library = openModelLibrary(home);
  return {
    library: {
      bundledName: BUNDLED_MODEL,
      list: () => library.list(),
      installBundled: (progress, signal) =>
        library.installBundled({ signal, progress: ({ fraction, message }) => progress(fraction, message) }),
    },
    engine: { engine: ENGINE_VERSION, runtime: runtime.version, memory: () => runtime.memory() },
    openModel: (installed, artefacts) => openInstalled(runtime, installed, artefacts),
  };
}

/** Models without a server: what `patchbay run` uses. */
export interface InstalledModels {
  /** @throws PatchbayError `unknown-model` */
  get(name: string): Promise<ModelService>;
}

export function openInstalledModels(home: string): InstalledModels {
  const runtime = createRuntime();
  const library = openModelLibrary(home);
  const artefacts = openArtefacts(home);
  return { get: async (name) => openInstalled(runtime, await library.find(name), artefacts) };
}

async function openInstalled(
  runtime: Runtime,
  { name, folder, manifest, hashCacheFile }: InstalledModel,
  artefacts: (modelHash: string) => ArtefactStore,
): Promise<ModelService> {
  const [config, tensors, tokenizer, hash] = await Promise.all([
    readModelConfig(folder),
    openTensorFolder(folder),
    openTokenizer(folder),
    hashModelFolder(folder, { cacheFile: hashCacheFile }),
  ]);
  const engine = runtime.open(describeModel(config, tensors, hash));
  return openModelService({
    facts: {
      name,
      prependBos: manifest.recipe?.prependBos ?? tokenizer.bosToken !== undefined,
      licence: manifest.licence ?? null,
      source: manifest.source ?? null,
      description: manifest.description ?? null,
      examplePrompts: manifest.examplePrompts ?? [],
    },
    engine,
    tokenizer,
    artefacts: artefacts(hash),
    runtimeVersion: runtime.version,
    referenceTexts: () => readReferenceTexts(folder),
  });
}

/** The model's own reference text, else the one that comes with Patchbay. */
async function readReferenceTexts(folder: string): Promise<string[]> {
  const own = await readFile(path.join(folder, REFERENCE_TEXT), "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  const texts = (own ?? (await bundledReferenceText())).split("\n").filter((line) => line.trim() !== "");
  if (texts.length > 0) return texts;
  throw new PatchbayError("empty-input", `${folder} has an empty ${REFERENCE_TEXT}.`, { expected: "one text a line" });
}
