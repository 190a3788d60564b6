/** Model services on a real engine, for tests: the tiny fixtures with a tokenizer of words, and the bundled model. */
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { after, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { type DictionaryLibrary, openDictionaryLibrary } from "@patchbay/dictionary";
import { createRuntime } from "@patchbay/runtime";
import {
  describeModel,
  type Engine,
  openTensorFolder,
  openTokenizer,
  readModelConfig,
  type Tokenizer,
} from "@patchbay/transformer";
import type { ArtefactStore, ModelService, UnitLabels, WorkContext } from "../model-service.ts";
import { openModelService } from "../open-model-service.ts";
import { wordTokenizer } from "./word-tokenizer.ts";

const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));

export interface TestService {
  readonly name: string;
  readonly service: ModelService;
  readonly engine: Engine;
  readonly tokenizer: Tokenizer;
  readonly artefacts: Map<string, Uint8Array>;
  /** Empty at first. */
  readonly dictionaries: DictionaryLibrary;
  /** The same model and artefacts, opened anew. */
  reopen(): Promise<ModelService>;
}

/** Work that nobody cancels. */
export const UNDISTURBED: WorkContext = { signal: new AbortController().signal };

const opened = new Map<string, Promise<TestService>>();

export function fixtureService(name: "tiny-llama" | "tiny-gpt2"): Promise<TestService> {
  const folder = path.join(ROOT, "models/fixtures", name);
  return once(name, () => open(name, folder, undefined, true, [" w1 w2 w3 w4 w5", " w60 w61 w62 w8 w9"]));
}

/** The bundled model; undefined (and the test skipped) where it is not installed. */
export async function storiesService(t: TestContext): Promise<TestService | undefined> {
  const home = process.env["PATCHBAY_TEST_HOME"] ?? path.join(ROOT, ".patchbay/test-home");
  const folder = path.join(home, "models/stories-15m");
  if (!existsSync(path.join(folder, "config.json"))) {
    t.skip(`the model stories-15m is not in ${folder}; npm test installs it`);
    return undefined;
  }
  return once("stories-15m", async () => {
    const texts = ["Once upon a time, there was a little girl named Lily.", "The dog ran to the big tree."];
    return open("stories-15m", folder, await openTokenizer(folder), true, texts);
  });
}

function once(name: string, make: () => Promise<TestService>): Promise<TestService> {
  const service = opened.get(name) ?? make();
  opened.set(name, service);
  return service;
}

async function open(
  name: string,
  folder: string,
  given: Tokenizer | undefined,
  prependBos: boolean,
  texts: readonly string[],
): Promise<TestService> {
  const model = describeModel(await readModelConfig(folder), await openTensorFolder(folder), `hash of ${name}`);
  const engine = createRuntime({ threads: 2, memoryInBytes: 2 ** 31 }).open(model);
  return serve(name, engine, given ?? wordTokenizer(model.shape.vocabulary), prependBos, texts);
}

/** A service over an engine, with artefacts in memory. */
export async function serve(
  name: string,
  engine: Engine,
  tokenizer: Tokenizer,
  prependBos: boolean,
  texts: readonly string[],
): Promise<TestService> {
  const artefacts = new Map<string, Uint8Array>();
  const store: ArtefactStore = {
    read: async (key) => artefacts.get(key),
    write: async (key, bytes) => void artefacts.set(key, bytes),
    list: async (prefix) => [...artefacts.keys()].filter((key) => key.startsWith(prefix)).sort(),
    remove: async (key) => void artefacts.delete(key),
  };
  const dictionaryFolder = await mkdtemp(path.join(os.tmpdir(), "patchbay-dictionaries-"));
  after(() => rm(dictionaryFolder, { recursive: true, force: true }));
  const dictionaries = openDictionaryLibrary({ roots: [{ folder: dictionaryFolder, bundled: false }] });
  const labels = memoryLabels();
  const reopen = () =>
    openModelService({
      facts: { name, prependBos, licence: null, source: null, description: null, examplePrompts: [texts[0] ?? ""] },
      engine,
      tokenizer,
      artefacts: store,
      runtimeVersion: "the runtime under test",
      referenceTexts: async () => texts,
      dictionaries,
      labels,
      indexCorpusTexts: async () => texts,
    });
  return { name, service: await reopen(), engine, tokenizer, artefacts, dictionaries, reopen };
}

function memoryLabels(): UnitLabels {
  const held = new Map<string, { source: string; unit: number; label: string }>();
  return {
    list: async () => [...held.values()],
    async set(source, unit, label) {
      const key = `${source}#${unit}`;
      if (label === "") held.delete(key);
      else held.set(key, { source, unit, label });
    },
  };
}
