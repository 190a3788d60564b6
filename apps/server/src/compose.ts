/** The one place where concrete parts are chosen: runtime, model library, dictionaries, analyses. */
import { ENGINE_VERSION, type ModelService, openModelService } from "@patchbay/analysis";
import type { Snapshot } from "@patchbay/contract";
import type { DictionaryLibrary, ModelToFit } from "@patchbay/dictionary";
import { BUNDLED_MODEL, type InstalledModel, openModelLibrary } from "@patchbay/model-library";
import { createRuntime, type Runtime } from "@patchbay/runtime";
import { openArtefacts, type UnitLabelShelf } from "@patchbay/store";
import {
  describeModel,
  hashModelFolder,
  openTensorFolder,
  openTokenizer,
  readModelConfig,
} from "@patchbay/transformer";
import { PatchbayError } from "@patchbay/vocabulary";
import type { ModelKeeping, ModelLibrary, OpenModel } from "./models/model-directory.ts";
import {
  openModelDictionaries,
  readIndexCorpusTexts,
  readReferenceTexts,
  readTour,
  shippedIndexFile,
} from "./models/model-files.ts";
import type { EngineFacts } from "./services.ts";

export interface Composition {
  readonly library: ModelLibrary<InstalledModel>;
  readonly engine: EngineFacts;
  readonly openModel: OpenModel<InstalledModel>;
  /** Findings that come with the bundled model. */
  readonly tour: () => Promise<readonly Snapshot[]>;
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
    openModel: (installed, keeping) => openInstalled(runtime, home, installed, keeping),
    tour: once(() => readTour(BUNDLED_MODEL)),
  };
}

/** Read when they are first wanted. */
function once<Value>(make: () => Promise<Value>): () => Promise<Value> {
  let made: Promise<Value> | undefined;
  return () => {
    made ??= make();
    return made;
  };
}

/** Models without a server: what `patchbay run` uses. */
export interface InstalledModels {
  /** @throws PatchbayError `unknown-model` */
  get(name: string): Promise<ModelService>;
  /** The model's dictionaries and what they must fit, without an engine. @throws PatchbayError `unknown-model` */
  dictionaries(name: string): Promise<{ readonly library: DictionaryLibrary; readonly model: ModelToFit }>;
}

export function openInstalledModels(home: string): InstalledModels {
  let runtime: Runtime | undefined;
  const library = openModelLibrary(home);
  const keeping: ModelKeeping = { artefacts: openArtefacts(home), labels: () => NO_LABELS };
  return {
    async get(name) {
      const installed = await library.find(name);
      runtime ??= createRuntime();
      return openInstalled(runtime, home, installed, keeping);
    },
    async dictionaries(name) {
      const { hash, shape } = await describeInstalled(await library.find(name));
      return { library: await openModelDictionaries(home, name), model: { name, hash, shape } };
    },
  };
}

/** Labels are in the database, which belongs to the server while it runs. */
const NO_LABELS: UnitLabelShelf = {
  list: async () => [],
  set: async () => {
    throw new PatchbayError("not-ready", "Labels are kept by the server.", {
      advice: "Start it with: patchbay serve.",
    });
  },
};

async function describeInstalled({ folder, hashCacheFile }: InstalledModel) {
  const [config, tensors, hash] = await Promise.all([
    readModelConfig(folder),
    openTensorFolder(folder),
    hashModelFolder(folder, { cacheFile: hashCacheFile }),
  ]);
  return describeModel(config, tensors, hash);
}

async function openInstalled(
  runtime: Runtime,
  home: string,
  installed: InstalledModel,
  { artefacts, labels }: ModelKeeping,
): Promise<ModelService> {
  const { name, folder, manifest } = installed;
  const [model, tokenizer, dictionaries, bundledIndexFile] = await Promise.all([
    describeInstalled(installed),
    openTokenizer(folder),
    openModelDictionaries(home, name),
    shippedIndexFile(name),
  ]);
  return openModelService({
    facts: {
      name,
      prependBos: manifest.recipe?.prependBos ?? tokenizer.bosToken !== undefined,
      licence: manifest.licence ?? null,
      source: manifest.source ?? null,
      description: manifest.description ?? null,
      examplePrompts: manifest.examplePrompts ?? [],
    },
    engine: runtime.open(model),
    tokenizer,
    artefacts: artefacts(model.hash),
    runtimeVersion: runtime.version,
    referenceTexts: () => readReferenceTexts(folder),
    dictionaries,
    labels: labels(model.hash),
    indexCorpusTexts: () => readIndexCorpusTexts(name, folder),
    ...(bundledIndexFile === undefined ? {} : { bundledIndexFile }),
  });
}
