/** What the unit rooms stand on: one model, its index, the indexed corpus, its dictionaries, and what people wrote. */
import type { SeedBadge } from "@patchbay/contract";
import type { Dictionary } from "@patchbay/dictionary";
import type { Engine, Tokenizer } from "@patchbay/transformer";
import { editDistance, PatchbayError } from "@patchbay/vocabulary";
import type { Corpus } from "../corpus/corpus.ts";
import type { UnitLabels } from "../model-service.ts";
import { dictionarySource, type IndexedSource, neuronSources } from "../unit-index/index-sources.ts";
import type { SourceIndex, UnitIndex } from "../unit-index/source-index.ts";
import type { TokenSides } from "./token-sides.ts";

export interface UnitContext {
  readonly engine: Engine;
  readonly tokenizer: Tokenizer;
  readonly modelName: string;
  /** Whether a text that is given without tokens begins with BOS. */
  readonly prependBos: boolean;
  /** Decoded, in memory; undefined until there is one. Sources of other versions are left out (`usableSources`). */
  index(): UnitIndex | undefined;
  /** The text that was indexed. */
  corpus(): Promise<Corpus>;
  /** Installed ones, by name. */
  dictionaries(): Promise<ReadonlyMap<string, Dictionary>>;
  readonly labels: UnitLabels;
  /** First tokens that each unit of a source reads and writes; undefined until computed. */
  tokenSides(source: string): Promise<TokenSides | undefined>;
  badge(dictionary: string, feature: number): Promise<SeedBadge | null>;
}

/** One layer's neurons, or one dictionary. */
export interface UnitSource extends IndexedSource {
  /** undefined where the index does not cover the source. */
  readonly index: SourceIndex | undefined;
}

/** Every source of the model by name, indexed or not: neurons from the first layer up, then dictionaries. */
export async function unitSources(context: UnitContext): Promise<Map<string, UnitSource>> {
  const index = context.index();
  const dictionaries = [...(await context.dictionaries()).values()];
  const all = [...neuronSources(context.engine.model), ...dictionaries.map(dictionarySource)];
  return new Map(all.map((source) => [source.name, { ...source, index: index?.sources.get(source.name) }]));
}

/** @throws PatchbayError `unknown-site` with the nearest names */
export async function findSource(context: UnitContext, name: string): Promise<UnitSource> {
  return sourceNamed(await unitSources(context), name);
}

/** @throws PatchbayError `unknown-site` with the nearest names */
export function sourceNamed(sources: ReadonlyMap<string, UnitSource>, name: string): UnitSource {
  const source = sources.get(name);
  if (source !== undefined) return source;
  const nearest = [...sources.keys()].sort((a, b) => editDistance(a, name) - editDistance(b, name)).slice(0, 3);
  throw new PatchbayError("unknown-site", `There is no source of units "${name}".`, {
    expected: `a layer's neurons or an installed dictionary, such as ${nearest.join(", ")}`,
    received: `"${name}"`,
  });
}

/** @throws PatchbayError `unit-out-of-range` */
export function checkUnit({ name, kind, units }: UnitSource, unit: number): void {
  if (Number.isInteger(unit) && unit >= 0 && unit < units) return;
  throw new PatchbayError("unit-out-of-range", `There is no ${kind} ${unit} in ${name}.`, {
    expected: `0 to ${units - 1}`,
    received: String(unit),
  });
}

/** @throws PatchbayError `not-ready` */
export function requireIndex({ name, index }: UnitSource): SourceIndex {
  if (index !== undefined) return index;
  throw new PatchbayError("not-ready", `What the units of ${name} do on text is not known yet.`, {
    advice: 'Start the job: POST /api/v1/jobs with kind "unit-index".',
  });
}

/**
 * The corpus that the index speaks of.
 * @throws PatchbayError `conflict` where the texts are others by now
 */
export async function indexedCorpus(context: UnitContext): Promise<Corpus> {
  const corpus = await context.corpus();
  const expected = context.index()?.corpus.hash;
  if (expected === undefined || expected === corpus.hash) return corpus;
  throw new PatchbayError("conflict", `The index was made from another text than "${corpus.name}" is now.`, {
    expected: `a corpus with hash ${expected.slice(0, 16)}…`,
    received: `${corpus.hash.slice(0, 16)}…`,
    advice: 'Make it anew: POST /api/v1/jobs with kind "unit-index".',
  });
}
