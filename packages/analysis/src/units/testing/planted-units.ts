/**
 * Dictionaries whose features are known, on the tiny Llama, with an index of them:
 * - "planted-tokens", an SAE of the embedding: feature i fires on token `PLANTED_TOKENS[i]` alone; one never fires.
 * - "planted-writer", a transcoder of the last MLP: feature 0 writes `WRITTEN_TOKEN`, 1 … 6 are arbitrary, 7 never fires.
 */
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { after } from "node:test";
import type { SeedBadge } from "@patchbay/contract";
import {
  type Dictionary,
  type DictionarySpec,
  type DictionaryWeights,
  openDictionary,
  writeDictionaryFolder,
} from "@patchbay/dictionary";
import { type Engine, readNormWeight, type TransformerModel } from "@patchbay/transformer";
import { ensureDefined, tensor } from "@patchbay/vocabulary";
import { type Corpus, corpusFromTokens } from "../../corpus/corpus.ts";
import { fixtureService } from "../../testing/open-test-service.ts";
import { dictionarySource, neuronSources } from "../../unit-index/index-sources.ts";
import type { UnitIndex } from "../../unit-index/source-index.ts";
import { computeTokenSides, type TokenSides } from "../token-sides.ts";
import type { UnitContext } from "../unit-context.ts";
import { bruteForceIndex } from "./brute-force-index.ts";

export const PLANTED_TOKENS = [11, 23, 42, 58, 77];
/** Never fires. */
export const DEAD_TOKEN_FEATURE = PLANTED_TOKENS.length;
export const WRITTEN_TOKEN = 45;
export const DEAD_WRITER = 7;
export const TOKENS_SAE = "planted-tokens";
export const WRITER = "planted-writer";

export interface PlantedUnits {
  readonly context: UnitContext;
  readonly engine: Engine;
  readonly corpus: Corpus;
  readonly index: UnitIndex;
  readonly weights: ReadonlyMap<string, DictionaryWeights>;
  readonly dictionaries: ReadonlyMap<string, Dictionary>;
  readonly labels: Map<string, string>;
  /** The same with another index, or none. */
  withIndex(index: UnitIndex | undefined): UnitContext;
}

let made: Promise<PlantedUnits> | undefined;
const folders: string[] = [];
// Registered here and not where the folder is made: there it would end with the first test that asks.
after(() => Promise.all(folders.map((folder) => rm(folder, { recursive: true, force: true }))));

export function plantedUnits(): Promise<PlantedUnits> {
  made ??= plant();
  return made;
}

async function plant(): Promise<PlantedUnits> {
  const { engine, tokenizer } = await fixtureService("tiny-llama");
  const { model } = engine;
  const folder = await mkdtemp(path.join(os.tmpdir(), "patchbay-planted-units-"));
  folders.push(folder);
  const weights = new Map(
    [await tokenDictionary(model), await writingDictionary(model)].map((each) => [each.spec.name, each]),
  );
  const dictionaries = new Map<string, Dictionary>();
  for (const [name, each] of weights) dictionaries.set(name, await openPlanted(each, path.join(folder, name)));
  const corpus = randomCorpus(model.shape.vocabulary);
  const sources = [...neuronSources(model), ...[...dictionaries.values()].map(dictionarySource)];
  const index = await bruteForceIndex(engine, corpus, sources);
  const sides = new Map<string, TokenSides>();
  for (const [name, dictionary] of dictionaries) {
    sides.set(name, await computeTokenSides(engine, dictionary, { signal: new AbortController().signal }));
  }
  const labels = new Map<string, string>();
  const withIndex = (given: UnitIndex | undefined): UnitContext => ({
    engine,
    tokenizer,
    modelName: "tiny-llama",
    prependBos: true,
    index: () => given,
    corpus: async () => corpus,
    dictionaries: async () => dictionaries,
    labels: {
      list: async () =>
        [...labels].map(([key, label]) => {
          const [source = "", unit = ""] = key.split(" ");
          return { source, unit: Number(unit), label };
        }),
      set: async (source, unit, label) => {
        if (label === "") labels.delete(`${source} ${unit}`);
        else labels.set(`${source} ${unit}`, label);
      },
    },
    tokenSides: async (source) => sides.get(source),
    badge: async (_, feature): Promise<SeedBadge> => ({ seeds: 1, found: feature % 2, threshold: 0.7 }),
  });
  return { context: withIndex(index), engine, corpus, index, weights, dictionaries, labels, withIndex };
}

export async function openPlanted(weights: DictionaryWeights, folder: string): Promise<Dictionary> {
  await writeDictionaryFolder(folder, weights);
  return openDictionary(folder);
}

async function tokenDictionary(model: TransformerModel): Promise<DictionaryWeights> {
  const width = model.shape.residualWidth;
  const { data: embedding } = await model.tensors.read(model.architecture.tokenEmbedding);
  const features = PLANTED_TOKENS.length + 1;
  const encoder = new Float32Array(features * width);
  const bias = new Float32Array(features).fill(-1);
  PLANTED_TOKENS.forEach((token, feature) => {
    const own = embedding.subarray(token * width, (token + 1) * width);
    const products = Array.from({ length: model.shape.vocabulary }, (_, other) =>
      own.reduce((sum, value, i) => sum + value * (embedding[other * width + i] ?? 0), 0),
    );
    const square = ensureDefined(products[token]);
    const next = Math.max(...products.filter((_, other) => other !== token));
    if (next >= square) throw new Error(`the embedding of token ${token} cannot be told from others`);
    // Activation 1 on the token; 0 half the way to the nearest other.
    const scale = 2 / (square - next);
    encoder.set(
      own.map((value) => value * scale),
      feature * width,
    );
    bias[feature] = 1 - square * scale;
  });
  const site = "blocks.0.hook_resid_pre";
  return {
    spec: specOf({ name: TOKENS_SAE, kind: "sae", inputSite: site, outputSites: [site], features }, width),
    tensors: {
      W_enc: tensor(["feature", "input"], [features, width], encoder),
      W_dec: tensor(["feature", "output"], [features, width], randomValues(features * width, 3)),
      b_enc: tensor(["feature"], [features], bias),
      b_dec: tensor(["output"], [width], new Float32Array(width)),
    },
  };
}

async function writingDictionary(model: TransformerModel): Promise<DictionaryWeights> {
  const width = model.shape.residualWidth;
  const { data: head } = await model.tensors.read(model.architecture.unembedding.tensor);
  const norm = await readNormWeight(model.tensors, model.architecture.finalNorm, width);
  const features = 8;
  const decoder = randomValues(features * width, 5);
  // The final norm's weight multiplies it back to the token's own row of the head.
  for (let i = 0; i < width; i++) decoder[i] = (head[WRITTEN_TOKEN * width + i] ?? 0) / (norm[i] ?? 1);
  const bias = new Float32Array(features);
  bias[DEAD_WRITER] = -1e4;
  const last = model.shape.layers - 1;
  const inputSite = `blocks.${last}.ln2.hook_normalized`;
  const outputSites = [`blocks.${last}.hook_mlp_out`];
  return {
    spec: specOf({ name: WRITER, kind: "transcoder", inputSite, outputSites, features }, width),
    tensors: {
      W_enc: tensor(["feature", "input"], [features, width], randomValues(features * width, 4)),
      W_dec: tensor(["feature", "output"], [features, width], decoder),
      b_enc: tensor(["feature"], [features], bias),
      b_dec: tensor(["output"], [width], new Float32Array(width)),
    },
  };
}

export function specOf(
  facts: Pick<DictionarySpec, "name" | "kind" | "inputSite" | "outputSites" | "features">,
  width: number,
): DictionarySpec {
  return {
    format: 1,
    set: null,
    description: null,
    licence: null,
    model: { name: null, hash: null },
    inputWidth: width,
    outputWidth: width,
    activation: { kind: "relu" },
    inputNormalisation: "none",
    subtractDecoderBias: false,
    skip: false,
    skipsFirstPosition: false,
    source: { format: "patchbay", address: null, notes: [] },
    training: null,
    quality: null,
    ...facts,
  };
}

/** Texts of different lengths; the planted tokens are as frequent as others. */
function randomCorpus(vocabulary: number): Corpus {
  const random = generator(7);
  const documents = Array.from({ length: 30 }, (_, d) =>
    Int32Array.from({ length: 6 + 3 * (d % 15) }, (_, i) =>
      i === 0 ? 0 : 1 + Math.floor(random() * (vocabulary - 1)),
    ),
  );
  return corpusFromTokens("random words", documents, 1);
}

export function randomValues(length: number, seed: number): Float32Array {
  const random = generator(seed);
  return Float32Array.from({ length }, () => random() * 2 - 1);
}

/** Mulberry32, in 0…1. */
function generator(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  };
}
