/** The units of one model: loads what is known of them, makes what is missing, and answers the unit rooms. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import type { JobRequestOf, SeedBadge } from "@patchbay/contract";
import type { Dictionary } from "@patchbay/dictionary";
import { decodeSafetensors, type Engine, encodeSafetensors, type Tokenizer } from "@patchbay/transformer";
import { ensureDefined, PatchbayError, parseSite, tensor } from "@patchbay/vocabulary";
import { type Corpus, corpusFromTexts, corpusFromTokens, readTexts } from "../corpus/corpus.ts";
import type { ArtefactStore, UnitLabels, UnitService, WorkContext } from "../model-service.ts";
import type { NeuronMap } from "../neuron-vocabulary/neuron-map.ts";
import { buildUnitIndex, UNIT_INDEX_FILE } from "../unit-index/build-unit-index.ts";
import { decodeUnitIndex } from "../unit-index/encode-unit-index.ts";
import { neuronSources } from "../unit-index/index-sources.ts";
import { type UnitIndex, usableSources } from "../unit-index/source-index.ts";
import {
  computeTokenSides,
  decodeTokenSides,
  encodeTokenSides,
  type TokenSides,
  tokenSidesKey,
  tokenSidesOfNeurons,
} from "./token-sides.ts";
import { sourceNamed, type UnitContext, unitSources } from "./unit-context.ts";
import { createUnitService } from "./unit-service.ts";

/** The corpus of an index that was made from a file of the person's own, kept with the index. */
const CORPUS_FILE = "unit-index-corpus.safetensors";

export interface UnitParts {
  readonly modelName: string;
  readonly engine: Engine;
  readonly tokenizer: Tokenizer;
  readonly prependBos: boolean;
  readonly artefacts: ArtefactStore;
  readonly labels: UnitLabels;
  /** Name and texts of the corpus that comes with the model. */
  corpusTexts(): Promise<readonly string[]>;
  readonly bundledIndexFile?: string;
  neuronMap(): NeuronMap | undefined;
  /** Installed ones, by name. */
  dictionaries(): Promise<ReadonlyMap<string, Dictionary>>;
  badge(dictionary: string, feature: number): Promise<SeedBadge | null>;
}

export interface Units {
  readonly service: UnitService;
  index(): UnitIndex | undefined;
  /** Texts that come with the model: nothing was trained on them. */
  corpus(): Promise<Corpus>;
  /** Largest activation of a feature. @throws PatchbayError `not-ready` */
  maximumOf(dictionary: Dictionary, feature: number): Promise<number>;
  /** Makes the token sides of every dictionary that has none. */
  computeTokenSides(context: WorkContext): Promise<void>;
}

export async function openUnits(parts: UnitParts): Promise<Units> {
  const { engine, tokenizer, prependBos, artefacts, modelName } = parts;
  const rules = { tokenizer, prependBos, context: engine.model.shape.context };
  const sides = new Map<string, TokenSides>();
  let shipped: Promise<Corpus> | undefined;
  let loaded = await loadIndex(parts);
  let usable: UnitIndex | undefined;

  /** Sources whose dictionary was replaced or removed since are left out. */
  async function refresh(): Promise<ReadonlyMap<string, Dictionary>> {
    const dictionaries = await parts.dictionaries();
    const hashes = new Map([
      ...neuronSources(engine.model).map(({ name, hash }) => [name, hash] as const),
      ...[...dictionaries.values()].map(({ spec, hash }) => [spec.name, hash] as const),
    ]);
    usable = loaded === undefined ? undefined : usableSources(loaded, hashes);
    return dictionaries;
  }
  await refresh();

  const ownCorpus = () => {
    shipped ??= parts.corpusTexts().then((texts) => corpusFromTexts(`texts of ${modelName}`, texts, rules));
    return shipped;
  };
  const indexedCorpus = async () => {
    const own = await ownCorpus();
    if (usable === undefined || own.hash === usable.corpus.hash) return own;
    const bytes = await artefacts.read(CORPUS_FILE);
    return bytes === undefined ? own : decodeCorpus(bytes);
  };

  const context: UnitContext = {
    engine,
    tokenizer,
    modelName,
    prependBos,
    index: () => usable,
    corpus: indexedCorpus,
    dictionaries: refresh,
    labels: parts.labels,
    async tokenSides(source) {
      const dictionary = (await parts.dictionaries()).get(source);
      if (dictionary === undefined) {
        const map = parts.neuronMap();
        const { layer } = parseSite(source);
        return map === undefined || layer === undefined
          ? undefined
          : tokenSidesOfNeurons(map, layer, engine.model.shape.neurons);
      }
      const known = sides.get(dictionary.hash);
      if (known !== undefined) return known;
      const bytes = await artefacts.read(tokenSidesKey(dictionary));
      if (bytes === undefined) return undefined;
      const decoded = decodeTokenSides(bytes);
      sides.set(dictionary.hash, decoded);
      return decoded;
    },
    badge: parts.badge,
  };

  async function makeIndex(
    { sources: names, corpus: file, shardTokens }: JobRequestOf<"unit-index">,
    work: WorkContext,
  ): Promise<object> {
    const started = performance.now();
    const corpus =
      file === undefined ? await ownCorpus() : corpusFromTexts(path.basename(file), await readTexts(file), rules);
    const all = await unitSources(context);
    const sources = names === undefined ? [...all.values()] : names.map((name) => sourceNamed(all, name));
    const index = await buildUnitIndex({
      engine,
      corpus,
      sources: sources.map(({ index: _, ...source }) => source),
      artefacts,
      ...work,
      ...(shardTokens === undefined ? {} : { shardTokens }),
      ...(loaded === undefined ? {} : { previous: loaded }),
    });
    if (file !== undefined) await artefacts.write(CORPUS_FILE, encodeCorpus(corpus));
    loaded = index;
    await refresh();
    await computeMissingSides(work);
    return {
      sources: sources.length,
      units: sources.reduce((sum, { units }) => sum + units, 0),
      tokens: index.corpus.tokens,
      seconds: (performance.now() - started) / 1000,
    };
  }

  async function computeMissingSides(work: WorkContext): Promise<void> {
    for (const dictionary of (await parts.dictionaries()).values()) {
      const key = tokenSidesKey(dictionary);
      if ((await artefacts.read(key)) !== undefined) continue;
      await artefacts.write(key, encodeTokenSides(await computeTokenSides(engine, dictionary, work)));
    }
  }

  return {
    service: { ...createUnitService(context), index: makeIndex },
    index: () => usable,
    corpus: ownCorpus,
    async maximumOf(dictionary, feature) {
      await refresh();
      const maximum = usable?.sources.get(dictionary.spec.name)?.maximum[feature];
      if (maximum !== undefined) return maximum;
      throw new PatchbayError("not-ready", `The largest activations of "${dictionary.spec.name}" are not known yet.`, {
        advice: 'Give an absolute value, or start the job: POST /api/v1/jobs with kind "unit-index".',
      });
    },
    computeTokenSides: computeMissingSides,
  };
}

/** The person's own index, else the one that ships with the model. */
async function loadIndex({ artefacts, bundledIndexFile, engine }: UnitParts): Promise<UnitIndex | undefined> {
  const bytes =
    (await artefacts.read(UNIT_INDEX_FILE)) ??
    (bundledIndexFile === undefined ? undefined : await readFile(bundledIndexFile));
  if (bytes === undefined) return undefined;
  const index = decodeUnitIndex(bytes);
  return index.modelHash === engine.model.hash ? index : undefined;
}

function encodeCorpus({ name, documents, skip }: Corpus): Uint8Array {
  const lengths = Int32Array.from(documents, ({ length }) => length);
  const tokens = new Int32Array(lengths.reduce((sum, length) => sum + length, 0));
  let start = 0;
  for (const document of documents) {
    tokens.set(document, start);
    start += document.length;
  }
  return encodeSafetensors(
    [
      ["lengths", tensor(["document"], [lengths.length], lengths)],
      ["tokens", tensor(["token"], [tokens.length], tokens)],
    ],
    { name, skip: String(skip), format: "patchbay-corpus-1" },
  );
}

function decodeCorpus(bytes: Uint8Array): Corpus {
  const { tensors, metadata } = decodeSafetensors(bytes, "The corpus of the unit index");
  const lengths = ensureDefined(tensors.get("lengths")).data as Int32Array;
  const tokens = ensureDefined(tensors.get("tokens")).data as Int32Array;
  const documents: Int32Array[] = [];
  let start = 0;
  for (const length of lengths) {
    documents.push(tokens.subarray(start, start + length));
    start += length;
  }
  return corpusFromTokens(metadata["name"] ?? "corpus", documents, Number(metadata["skip"]));
}
