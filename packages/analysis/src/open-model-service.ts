/** Makes the service of one opened model: everything the API offers for it, as plain calls. */

import type { ModelPage, ModelSummary } from "@patchbay/contract";
import type { DictionaryLibrary } from "@patchbay/dictionary";
import { axisLengthOf, type Engine, siteKindsOf, type Tokenizer } from "@patchbay/transformer";
import { describeSite, PatchbayError, siteName } from "@patchbay/vocabulary";
import { doseResponse } from "./clamping/dose-response.ts";
import { testSpecialisedNeurons } from "./clamping/specialised-neurons.ts";
import { layerOf, openDictionaries } from "./dictionaries/dictionary-service.ts";
import { generate } from "./generation/generation.ts";
import type { ArtefactStore, ModelService, UnitLabels } from "./model-service.ts";
import { computeNeuronMap, TOKENS_PER_SIDE } from "./neuron-vocabulary/compute-neuron-map.ts";
import { decodeNeuronMap, encodeNeuronMap, type NeuronMap } from "./neuron-vocabulary/neuron-map.ts";
import {
  listNeurons,
  type NeuronSource,
  neuronPage,
  scatterNeurons,
  tokenNeurons,
} from "./neuron-vocabulary/neuron-queries.ts";
import { AnswerCache } from "./questions/answer-cache.ts";
import { ANSWERS, type AnswerParts } from "./questions/answers.ts";
import {
  computeReferenceStatistics,
  decodeReferenceStatistics,
  encodeReferenceStatistics,
  type ReferenceStatistics,
} from "./reference-statistics/reference-statistics.ts";
import type { ModelParts } from "./run/model-parts.ts";
import { resolveToken, tokenReference } from "./run/resolve-token.ts";
import { executeRun } from "./run/run.ts";
import { openUnits } from "./units/open-units.ts";

export interface ModelFacts {
  readonly name: string;
  readonly prependBos: boolean;
  readonly licence: string | null;
  readonly source: string | null;
  readonly description: string | null;
  readonly examplePrompts: readonly string[];
}

export interface ModelServiceOptions {
  readonly facts: ModelFacts;
  readonly engine: Engine;
  readonly tokenizer: Tokenizer;
  readonly artefacts: ArtefactStore;
  readonly runtimeVersion: string;
  /** Texts over which activations are measured. */
  readonly referenceTexts: () => Promise<readonly string[]>;
  readonly dictionaries: DictionaryLibrary;
  readonly labels: UnitLabels;
  /** Texts over which units are indexed and dictionaries judged; no dictionary that ships was trained on them. */
  readonly indexCorpusTexts: () => Promise<readonly string[]>;
  /** The index that ships with the model. */
  readonly bundledIndexFile?: string;
}

const NEURON_MAP = "neuron-map.safetensors";
const STATISTICS = "reference-statistics.safetensors";

export async function openModelService(options: ModelServiceOptions): Promise<ModelService> {
  const { facts, engine, tokenizer, artefacts } = options;
  const { model } = engine;
  const mapFile = await artefacts.read(NEURON_MAP);
  const statisticsFile = await artefacts.read(STATISTICS);
  // Where blocks are attention only there is nothing to compute.
  const whole = mapFile ?? (model.shape.neurons === 0 ? encodeNeuronMap(new Map(), TOKENS_PER_SIDE) : undefined);
  let map: NeuronMap | undefined = whole === undefined ? undefined : decodeNeuronMap(whole);
  let statistics: ReferenceStatistics | undefined =
    statisticsFile === undefined ? undefined : decodeReferenceStatistics(statisticsFile);
  let mapRunning = false;

  const neuronSource = (): NeuronSource => {
    if (map === undefined) throw notReady("The neuron map of this model has not been computed yet.", "neuron-map");
    return { map, shape: model.shape, tokenizer, statistics };
  };
  const maximum = (layer: number, neuron: number) => statistics?.maximum[layer * model.shape.neurons + neuron];
  const shared = {
    modelName: facts.name,
    engine,
    tokenizer,
    prependBos: facts.prependBos,
    artefacts,
    labels: options.labels,
  };
  // Each side needs a little of the other: what is installed and its badges here, the texts and the index there.
  const dictionaries = openDictionaries({
    ...shared,
    licence: facts.licence,
    library: options.dictionaries,
    corpus: () => units.corpus(),
    index: () => units.index(),
  });
  const units = await openUnits({
    ...shared,
    corpusTexts: options.indexCorpusTexts,
    ...(options.bundledIndexFile === undefined ? {} : { bundledIndexFile: options.bundledIndexFile }),
    neuronMap: () => map,
    dictionaries: () => dictionaries.installed(),
    badge: (dictionary, feature) => dictionaries.badge(dictionary, feature),
  });
  const parts: ModelParts = {
    name: facts.name,
    engine,
    tokenizer,
    prependBos: facts.prependBos,
    runtimeVersion: options.runtimeVersion,
    async maximumOf(layer, neuron) {
      const value = maximum(layer, neuron);
      if (value === undefined)
        throw notReady("Activations on the reference text have not been measured yet.", "reference-statistics");
      return value;
    },
    dictionaries: {
      find: (name) => options.dictionaries.find(name),
      async ofSet(set) {
        const all = [...(await dictionaries.installed()).values()];
        return all.filter(({ spec }) => spec.set === set).sort((a, b) => layerOf(a) - layerOf(b));
      },
      maximumOf: (dictionary, feature) => units.maximumOf(dictionary, feature),
    },
  };
  const answerParts: AnswerParts = {
    ...parts,
    referenceTexts: options.referenceTexts,
    installedDictionaries: async () => [...(await dictionaries.installed()).values()],
  };
  const answers = new AnswerCache();
  const summary = (): ModelSummary =>
    summarise(options, map !== undefined ? "ready" : mapRunning ? "running" : "absent");

  return {
    name: facts.name,
    hash: model.hash,
    dictionaries: dictionaries.service,
    units: units.service,
    summary,
    page: (): ModelPage => ({ ...summary(), sites: listSites(engine), examplePrompts: [...facts.examplePrompts] }),
    tokenize: (text, prependBos) => tokenizer.encode(text, { prependBos: prependBos ?? facts.prependBos }),
    searchVocabulary: (query, limit) => ({ tokens: searchVocabulary(tokenizer, query, limit) }),

    run: (request, context) => executeRun(parts, request, context),
    generate: (request, context, listen) => generate(parts, request, context, listen),
    doseResponse: (request, context) => doseResponse(parts, request, context, maximum(request.layer, request.neuron)),

    async ask(name, request, context, { fresh = false } = {}) {
      const installed = await dictionaries.installed();
      const hashes = Object.fromEntries([...installed].map(([dictionary, { hash }]) => [dictionary, hash]));
      const key = { question: name, request, modelHash: model.hash, dictionaries: hashes };
      return answers.answer(key, fresh, () => ANSWERS[name](answerParts, request, context));
    },

    async computeNeuronMap(context) {
      const started = performance.now();
      mapRunning = true;
      try {
        const bytes = encodeNeuronMap(
          await computeNeuronMap(engine, context),
          Math.min(TOKENS_PER_SIDE, model.shape.outputVocabulary),
        );
        await artefacts.write(NEURON_MAP, bytes);
        map = decodeNeuronMap(bytes);
        await units.computeTokenSides(context);
      } finally {
        mapRunning = false;
      }
      return { neurons: model.shape.layers * model.shape.neurons, seconds: (performance.now() - started) / 1000 };
    },
    async computeReferenceStatistics(context) {
      const started = performance.now();
      const texts = await options.referenceTexts();
      const computed = await computeReferenceStatistics(engine, tokenizer, texts, facts.prependBos, context);
      await artefacts.write(STATISTICS, encodeReferenceStatistics(computed));
      statistics = computed;
      return { tokens: computed.tokens, seconds: (performance.now() - started) / 1000 };
    },
    async testSpecialisedNeurons({ prompt, place = "post", multiple = 2 }, context) {
      const { map: ready } = neuronSource();
      if (statistics === undefined)
        throw notReady("Activations on the reference text have not been measured yet.", "reference-statistics");
      const settings = { prompt: prompt ?? facts.examplePrompts[0] ?? "Once upon a time", place, multiple };
      return testSpecialisedNeurons(parts, ready, statistics, settings, context);
    },

    listNeurons: async (query) => listNeurons(neuronSource(), query),
    scatterNeurons: async (side, variant) => scatterNeurons(neuronSource(), side, variant),
    async tokenNeurons({ token, ...query }) {
      return tokenNeurons(neuronSource(), resolveToken(tokenizer, tokenReference(token), "token"), query);
    },
    neuronPage: async (layer, neuron) => neuronPage(neuronSource(), layer, neuron, facts.name, model.hash),
    unload() {
      answers.clear();
      return engine.unload();
    },
  };
}

function summarise(
  { facts, engine, tokenizer }: ModelServiceOptions,
  neuronMap: ModelSummary["neuronMap"],
): ModelSummary {
  const { shape, tensors, hash } = engine.model;
  const stored = tensors.names.map((name) => tensors.describe(name));
  return {
    name: facts.name,
    family: shape.family,
    parameters: stored.reduce((sum, each) => sum + each.shape.reduce((a, b) => a * b, 1), 0),
    layers: shape.layers,
    residualWidth: shape.residualWidth,
    heads: shape.heads,
    keyValueHeads: shape.keyValueHeads,
    headWidth: shape.headWidth,
    neuronsPerLayer: shape.neurons,
    vocabulary: shape.vocabulary,
    ...(shape.outputVocabulary === shape.vocabulary ? {} : { outputVocabulary: shape.outputVocabulary }),
    ...(shape.direction === "causal" ? {} : { direction: shape.direction }),
    ...(tokenizer.numbers === true ? { numberTokens: true } : {}),
    context: shape.context,
    gated: shape.gated,
    hash,
    prependBos: facts.prependBos,
    licence: facts.licence,
    source: facts.source,
    description: facts.description,
    dtype: [...new Set(stored.map(({ type }) => type))].join(", "),
    loadedBytes: engine.loadedBytes(),
    neuronMap,
  };
}

function listSites({ model: { shape } }: Engine): ModelPage["sites"] {
  return siteKindsOf(shape).flatMap((kind) => {
    const { axes, stage, writable, meaning } = describeSite(kind);
    const entry = {
      axes: [...axes],
      shape: axes.map((axis) => axisLengthOf(shape, axis) ?? axis),
      writable,
      meaning,
    };
    const layers = stage === "block" ? Array.from({ length: shape.layers }, (_, layer) => layer) : [undefined];
    return layers.map((layer) => ({ name: siteName(kind, layer), ...entry }));
  });
}

/** Exact matches first, then those that begin with the query, then the rest; shorter before longer. */
function searchVocabulary(tokenizer: Tokenizer, query: string, limit: number) {
  const needle = query.toLowerCase();
  const found: { id: number; text: string; special?: boolean; order: number }[] = [];
  for (let id = 0; id < tokenizer.vocabularySize; id++) {
    const text = tokenizer.textOf(id);
    const lower = text.toLowerCase();
    if (!lower.includes(needle)) continue;
    const bare = lower.trimStart();
    const closeness =
      text === query ? 0 : bare === needle.trimStart() ? 1 : bare.startsWith(needle.trimStart()) ? 2 : 3;
    found.push({
      id,
      text,
      ...(tokenizer.isSpecial(id) ? { special: true } : {}),
      order: closeness * 1000 + text.length,
    });
  }
  found.sort((a, b) => a.order - b.order || a.id - b.id);
  return found.slice(0, limit).map(({ order: _, ...token }) => token);
}

function notReady(what: string, kind: string): PatchbayError {
  return new PatchbayError("not-ready", what, {
    advice: `It is computed once: POST /api/v1/jobs {"kind": "${kind}", "model": …}, or open the Jobs room.`,
  });
}
