/** Where the command line chooses concrete parts: which library, which runtime, which analyses. */
import { fileURLToPath } from "node:url";
import { type ArtefactStore, ENGINE_VERSION, type ModelService, openModelService } from "@patchbay/analysis";
import {
  bundledReferenceText,
  type InstalledModel,
  type ModelLibrary,
  openModelLibrary,
} from "@patchbay/model-library";
import { createRuntime, type Runtime } from "@patchbay/runtime";
import type { EngineFacts } from "@patchbay/server";
import { openArtefacts } from "@patchbay/store";
import {
  describeModel,
  hashModelFolder,
  openTensorFolder,
  openTokenizer,
  readModelConfig,
} from "@patchbay/transformer";

/** The built pages; the bundle keeps the address of this source. */
export const WEB_FOLDER = fileURLToPath(new URL("../../web/out", import.meta.url));

export interface Composition {
  readonly library: ModelLibrary;
  readonly engine: EngineFacts;
  openModel(installed: InstalledModel, artefacts: (modelHash: string) => ArtefactStore): Promise<ModelService>;
}

export function compose(home: string): Composition {
  const runtime = createRuntime();
  return {
    library: openModelLibrary(home),
    engine: { engine: ENGINE_VERSION, runtime: runtime.version, memory: () => runtime.memory() },
    openModel: (installed, artefacts) => openService(runtime, installed, artefacts),
  };
}

/** One installed model, outside a server. */
export async function openInstalledModel(home: string, installed: InstalledModel): Promise<ModelService> {
  return compose(home).openModel(installed, openArtefacts(home));
}

async function openService(
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
  return openModelService({
    facts: {
      name,
      prependBos: manifest.recipe?.prependBos ?? false,
      licence: manifest.licence ?? null,
      source: manifest.source ?? null,
      description: manifest.description ?? null,
      examplePrompts: manifest.examplePrompts ?? [],
    },
    engine: runtime.open(describeModel(config, tensors, hash)),
    tokenizer,
    artefacts: artefacts(hash),
    runtimeVersion: runtime.version,
    referenceTexts: async () => (await bundledReferenceText()).split("\n").filter((line) => line !== ""),
  });
}
