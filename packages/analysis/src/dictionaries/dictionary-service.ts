/** The dictionaries of one model: everything the API offers for them. */
import { createHash } from "node:crypto";
import type { JobRequestOf, SeedBadge } from "@patchbay/contract";
import { checkAgainstModel, type Dictionary, type DictionaryLibrary } from "@patchbay/dictionary";
import type { Engine, Tokenizer } from "@patchbay/transformer";
import { PatchbayError, parseSite } from "@patchbay/vocabulary";
import type { Corpus } from "../corpus/corpus.ts";
import { corpusFromTokens } from "../corpus/corpus.ts";
import { darkMatter } from "../dark-matter/dark-matter.ts";
import { compareDictionaries } from "../dictionary-comparison/compare-dictionaries.ts";
import {
  decodeSeedBadges,
  encodeSeedBadges,
  type SeedBadges,
  seedBadges,
} from "../dictionary-comparison/seed-badges.ts";
import { measureQuality, measureSet } from "../dictionary-quality/measure-quality.ts";
import type { ArtefactStore, DictionaryService, UnitLabels, WorkContext } from "../model-service.ts";
import { endpointSettings } from "../rewriting/endpoint.ts";
import { rewriteDictionary } from "../rewriting/rewrite-dictionary.ts";
import { trainDictionaries } from "../training/train-dictionaries.ts";
import type { UnitIndex } from "../unit-index/source-index.ts";
import { DictionaryRows } from "./dictionary-rows.ts";
import { pageOf, type StoredQuality, seedsOf, summariseDictionary } from "./dictionary-summary.ts";
import { featureWeights } from "./feature-page.ts";

export interface DictionaryServiceParts {
  readonly modelName: string;
  readonly licence: string | null;
  readonly engine: Engine;
  readonly tokenizer: Tokenizer;
  readonly prependBos: boolean;
  readonly artefacts: ArtefactStore;
  readonly library: DictionaryLibrary;
  readonly labels: UnitLabels;
  /** Texts that nothing was trained on. */
  corpus(): Promise<Corpus>;
  index(): UnitIndex | undefined;
}

const QUALITY_TOKENS = 20_000;
const UNDISTURBED = new AbortController().signal;

export interface Dictionaries {
  readonly service: DictionaryService;
  /** Those that open, by name. */
  installed(): Promise<ReadonlyMap<string, Dictionary>>;
  badge(dictionary: string, feature: number): Promise<SeedBadge | null>;
}

export function openDictionaries(parts: DictionaryServiceParts): Dictionaries {
  const { engine, tokenizer, artefacts, library, modelName } = parts;
  const rows = new DictionaryRows();
  const badges = new Map<string, Promise<SeedBadges | undefined>>();
  const model = { name: modelName, hash: engine.model.hash, shape: engine.model.shape };

  const installed = async () => {
    const { dictionaries } = await library.list();
    return new Map(dictionaries.map((dictionary) => [dictionary.spec.name, dictionary]));
  };
  /** @throws PatchbayError also where the dictionary does not fit the model */
  const find = async (name: string) => {
    const dictionary = await library.find(name);
    checkAgainstModel(dictionary.spec, model);
    return dictionary;
  };
  const qualityKey = ({ hash }: Dictionary) => `dictionary-quality.${hash}.json`;
  const storedQuality = async (dictionary: Dictionary): Promise<StoredQuality | undefined> => {
    const bytes = await artefacts.read(qualityKey(dictionary));
    if (bytes !== undefined) return JSON.parse(new TextDecoder().decode(bytes)) as StoredQuality;
    return (dictionary.spec.quality as StoredQuality | null) ?? undefined;
  };
  const storeQuality = (dictionary: Dictionary, quality: StoredQuality) =>
    artefacts.write(qualityKey(dictionary), new TextEncoder().encode(JSON.stringify(quality)));

  async function computeBadges(dictionary: Dictionary, seeds: readonly Dictionary[]): Promise<SeedBadges> {
    const names = seeds.map(({ hash }) => hash).join();
    const key = `seed-badges.${createHash("sha256").update(`${dictionary.hash}:${names}`).digest("hex")}.safetensors`;
    const stored = await artefacts.read(key);
    if (stored !== undefined) return decodeSeedBadges(stored);
    const found = await seedBadges(engine, dictionary, seeds, undefined, { signal: UNDISTURBED });
    await artefacts.write(key, encodeSeedBadges(found));
    return found;
  }

  async function badge(name: string, feature: number): Promise<SeedBadge | null> {
    const all = await installed();
    const dictionary = all.get(name);
    const seeds = dictionary === undefined ? [] : seedsOf(dictionary, [...all.values()]);
    if (dictionary === undefined || seeds.length === 0) return null;
    const key = [dictionary, ...seeds].map(({ hash }) => hash).join();
    let computing = badges.get(key);
    if (computing === undefined) {
      computing = computeBadges(dictionary, seeds);
      badges.set(key, computing);
      computing.catch(() => badges.delete(key));
    }
    const known = await computing;
    if (known === undefined) return null;
    return { seeds: known.seeds, found: known.found[feature] ?? 0, threshold: known.threshold };
  }

  async function measure(
    { dictionaries: names, tokens = QUALITY_TOKENS }: JobRequestOf<"dictionary-quality">,
    { signal, progress }: WorkContext,
  ) {
    const all = await installed();
    const chosen = await Promise.all((names ?? [...all.keys()]).map(find));
    const corpus = firstTokens(await parts.corpus(), tokens);
    const qualities = await measureQuality(engine, corpus, chosen, {
      signal,
      ...(progress === undefined ? {} : { progress: (fraction, message) => progress(fraction * 0.9, message) }),
    });
    const measured = new Map<string, StoredQuality>();
    chosen.forEach((dictionary, i) => {
      const quality = qualities[i];
      if (quality !== undefined) measured.set(dictionary.spec.name, { quality, set: null });
    });
    for (const [set, members] of setsOf(chosen)) {
      progress?.(0.95, `all of ${set} at once`);
      const together = await measureSet(engine, corpus, set, members, signal);
      for (const { spec } of members) {
        const own = measured.get(spec.name);
        if (own !== undefined) measured.set(spec.name, { ...own, set: together });
      }
    }
    for (const dictionary of chosen) {
      const quality = measured.get(dictionary.spec.name);
      if (quality !== undefined) await storeQuality(dictionary, quality);
    }
    return { dictionaries: Object.fromEntries(measured) };
  }

  const service: DictionaryService = {
    async list() {
      const { dictionaries, problems } = await library.list();
      const summaries = dictionaries.map(async (dictionary) =>
        summariseDictionary(dictionary, (await storedQuality(dictionary))?.quality ?? null),
      );
      return {
        dictionaries: await Promise.all(summaries),
        problems: problems.map(({ folder, error }) => ({ folder, detail: error.message })),
      };
    },
    async page(name) {
      const dictionary = await find(name);
      const all = [...(await installed()).values()];
      const indexed = parts.index()?.sources.get(name)?.sourceHash === dictionary.hash;
      return pageOf(dictionary, all, await storedQuality(dictionary), indexed);
    },
    async remove(name) {
      await library.remove(name);
    },
    async feature(name, feature) {
      const dictionary = await find(name);
      const all = [...(await installed()).values()];
      const weights = await featureWeights({ engine, tokenizer, rows, signal: UNDISTURBED }, dictionary, feature, all);
      return {
        model: modelName,
        dictionary: summariseDictionary(dictionary, (await storedQuality(dictionary))?.quality ?? null),
        feature,
        ...weights,
        badge: await badge(name, feature),
        previous: feature > 0 ? feature - 1 : null,
        next: feature + 1 < dictionary.spec.features ? feature + 1 : null,
        modelHash: engine.model.hash,
      };
    },
    async compare(request, context) {
      const [left, right] = [await find(request.left), await find(request.right)];
      const alive = (dictionary: Dictionary) => aliveByIndex(parts.index(), dictionary);
      const [aliveLeft, aliveRight] = [alive(left), alive(right)];
      return compareDictionaries(
        engine,
        left,
        right,
        request,
        {
          ...(aliveLeft === undefined ? {} : { aliveLeft }),
          ...(aliveRight === undefined ? {} : { aliveRight }),
        },
        context,
      );
    },
    measure,
    async train(request, context) {
      const { kind: _, ...settings } = request;
      const taken = await installed();
      const bundled = settings.targets.find(({ name }) => taken.get(name)?.bundled === true);
      if (bundled !== undefined) {
        throw new PatchbayError("conflict", `"${bundled.name}" comes with Patchbay and is not replaced.`, {
          advice: "Choose another name.",
          at: "targets",
        });
      }
      const outcome = await trainDictionaries(
        {
          engine,
          tokenizer,
          prependBos: parts.prependBos,
          modelName,
          licence: parts.licence,
          artefacts,
          install: (weights) => library.add(weights, { overwrite: true, dtype: "F16" }),
        },
        settings,
        context,
      );
      for (const { name, quality } of outcome.dictionaries) {
        if (quality !== null) await storeQuality(await find(name), { quality, set: outcome.setQuality });
      }
      return outcome;
    },
    async darkMatter(request, context) {
      const dictionary = await find(request.dictionary);
      const wider = request.wider === undefined ? undefined : await find(request.wider);
      return darkMatter(engine, tokenizer, await parts.corpus(), dictionary, wider, request, context);
    },
    async rewrite(request, context) {
      const dictionary = await find(request.dictionary);
      const labels = (await parts.labels.list()).filter(({ source }) => source === request.dictionary);
      return rewriteDictionary(
        engine,
        tokenizer,
        await parts.corpus(),
        dictionary,
        request,
        { labels: new Map(labels.map(({ unit, label }) => [unit, label])), endpoint: endpointSettings(process.env) },
        context,
      );
    },
  };
  return { service, installed, badge };
}

/** Sets with one dictionary a layer, whose members can be spliced in together. */
function setsOf(dictionaries: readonly Dictionary[]): Map<string, Dictionary[]> {
  const sets = new Map<string, Dictionary[]>();
  for (const dictionary of dictionaries) {
    const { set } = dictionary.spec;
    if (set !== null) sets.set(set, [...(sets.get(set) ?? []), dictionary]);
  }
  for (const [set, members] of sets) {
    const sites = new Set(members.map(({ spec }) => spec.outputSites[0]));
    if (members.length < 2 || sites.size < members.length) sets.delete(set);
    else members.sort((a, b) => layerOf(a) - layerOf(b));
  }
  return sets;
}

export function layerOf({ spec }: Dictionary): number {
  return parseSite(spec.inputSite).layer ?? -1;
}

function aliveByIndex(index: UnitIndex | undefined, { spec, hash }: Dictionary): Uint8Array | undefined {
  const source = index?.sources.get(spec.name);
  if (source === undefined || source.sourceHash !== hash) return undefined;
  return Uint8Array.from(source.firing, (count) => (count > 0 ? 1 : 0));
}

/** Whole documents, until so many tokens are counted. */
function firstTokens(corpus: Corpus, tokens: number): Corpus {
  let count = 0;
  const documents: Int32Array[] = [];
  for (const document of corpus.documents) {
    if (count >= tokens) break;
    documents.push(document);
    count += document.length - corpus.skip;
  }
  return documents.length === corpus.documents.length ? corpus : corpusFromTokens(corpus.name, documents, corpus.skip);
}
