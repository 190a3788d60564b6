/**
 * The index of all units over a corpus, shard by shard. A shard's parts are artefacts of their own: work that was
 * cancelled, killed, or stopped by a full disk goes on from the shards that are there, and several processes may share the
 * work. The result depends on none of that: shards always have the same texts, batches and order of merging.
 */
import { createHash } from "node:crypto";
import { setImmediate as nextTurn } from "node:timers/promises";
import type { Engine } from "@patchbay/transformer";
import { canonicalJson, ensureDefined, nameOf, PatchbayError, type Tensor } from "@patchbay/vocabulary";
import { type Corpus, countedTokens } from "../corpus/corpus.ts";
import { harvest } from "../corpus/harvest.ts";
import { encodeFeatures } from "../dictionaries/encode-features.ts";
import type { ArtefactStore, WorkContext } from "../model-service.ts";
import { featureAccumulator, neuronAccumulator, type ShardPart } from "./accumulate.ts";
import { type CorpusPlaces, corpusPlaces, countTokens, type PlacedRows, placeRows } from "./corpus-places.ts";
import { encodeUnitIndex } from "./encode-unit-index.ts";
import { finishSource } from "./finish-source.ts";
import type { IndexedSource } from "./index-sources.ts";
import { examplesParquet, unitsParquet } from "./parquet-tables.ts";
import { decodeShard, encodeShard } from "./shard-file.ts";
import type { SourceIndex, UnitIndex } from "./source-index.ts";
import { mergeState, newSourceState } from "./source-state.ts";
import { addTokenSums, emptyTokenSums } from "./token-sums.ts";

/** Artefact keys. */
export const UNIT_INDEX_FILE = "unit-index.bin";
export const UNITS_TABLE_FILE = "units.parquet";
export const EXAMPLES_TABLE_FILE = "examples.parquet";

/** Changes whenever shards of the old and the new program must not be mixed. */
const SHARD_VERSION = 1;
export const DEFAULT_SHARD_TOKENS = 20_000;
export const BATCH_TOKENS = 2048;
/** Tokens that a unit keeps while shards are merged; see token-sums.ts. */
const MERGED_TOKENS_KEPT = 192;

export interface UnitIndexOptions extends WorkContext {
  readonly engine: Engine;
  readonly corpus: Corpus;
  readonly sources: readonly IndexedSource[];
  readonly artefacts: ArtefactStore;
  /** Counted tokens; default 20,000. */
  readonly shardTokens?: number;
}

export interface Shard {
  readonly number: number;
  /** Documents `from` … `to`. */
  readonly from: number;
  readonly to: number;
  readonly tokens: number;
}

interface Plan extends UnitIndexOptions {
  readonly shards: readonly Shard[];
  readonly places: CorpusPlaces;
  readonly prefix: string;
}

/**
 * Computes what is missing, merges, writes the index and its tables, and removes the shards.
 * @param previous An index whose other sources stay, where it is of the same corpus and model.
 * @throws PatchbayError `empty-input` without sources; the signal's reason, or a failed write's error: shards stay then.
 */
export async function buildUnitIndex(
  options: UnitIndexOptions & { readonly previous?: UnitIndex },
): Promise<UnitIndex> {
  await indexShards(options);
  const plan = planOf(options);
  const { artefacts, corpus, engine, previous, progress, signal } = options;
  const sources = new Map<string, SourceIndex>();
  if (previous?.corpus.hash === corpus.hash && previous.modelHash === engine.model.hash) {
    for (const [name, source] of previous.sources) sources.set(name, source);
  }
  for (const [i, source] of plan.sources.entries()) {
    signal.throwIfAborted();
    progress?.(0.9 + (0.08 * i) / plan.sources.length, `merging ${source.name}`);
    sources.set(source.name, await mergeShards(plan, i));
    await nextTurn();
  }
  const index: UnitIndex = {
    corpus: {
      name: corpus.name,
      hash: corpus.hash,
      documents: corpus.documents.length,
      tokens: countedTokens(corpus),
    },
    modelHash: engine.model.hash,
    sources,
  };
  progress?.(0.98, "writing the index");
  await artefacts.write(UNITS_TABLE_FILE, unitsParquet(index));
  await artefacts.write(EXAMPLES_TABLE_FILE, examplesParquet(index));
  await artefacts.write(UNIT_INDEX_FILE, encodeUnitIndex(index));
  for (const key of await artefacts.list(plan.prefix)) await artefacts.remove(key);
  progress?.(1, `${plan.sources.length} sources over ${index.corpus.tokens} tokens`);
  return index;
}

/**
 * Computes the shards that are not there yet and stores their parts.
 * @param only Numbers of the shards that this worker does; default all.
 */
export async function indexShards(options: UnitIndexOptions, only?: readonly number[]): Promise<void> {
  const plan = planOf(options);
  const { artefacts, progress, signal, shards } = plan;
  const stored = new Set(await artefacts.list(plan.prefix));
  const isStored = (shard: Shard) => plan.sources.every((_, i) => stored.has(keyOf(plan, shard, i)));
  const missing = shards.filter((shard) => (only?.includes(shard.number) ?? true) && !isStored(shard));
  const total = shards.reduce((sum, { tokens }) => sum + tokens, 0);
  let done = total - missing.reduce((sum, { tokens }) => sum + tokens, 0);
  let computed = 0;
  const started = performance.now();
  for (const shard of missing) {
    const parts = await computeShard(plan, shard, (tokens) => {
      done += tokens;
      computed += tokens;
      const speed = Math.round((computed / (performance.now() - started)) * 1000);
      progress?.((0.9 * done) / total, shardMessage(shard.number, shards.length, done, speed));
    });
    for (const [i, part] of parts.entries()) {
      signal.throwIfAborted();
      await artefacts.write(keyOf(plan, shard, i), encodeShard(part));
    }
  }
}

function shardMessage(shard: number, shards: number, tokens: number, speed: number): string {
  const thousands = (value: number) => value.toLocaleString("en-GB");
  return `shard ${shard + 1} of ${shards}, ${thousands(tokens)} tokens, ${thousands(speed)} tokens/s`;
}

function planOf(options: UnitIndexOptions): Plan {
  const { engine, corpus, sources, shardTokens = DEFAULT_SHARD_TOKENS } = options;
  if (sources.length === 0) {
    throw new PatchbayError("empty-input", "There is nothing to index.", { expected: "at least one source" });
  }
  if (engine.model.shape.direction === "bidirectional") {
    throw new PatchbayError("unsupported-model", "Units of a bidirectional model are not indexed.", {
      expected: "a model that reads the beginning of a text alike, whatever follows",
      received: "a model in which every position looks at all others",
    });
  }
  const settings = {
    version: SHARD_VERSION,
    corpus: corpus.hash,
    skip: corpus.skip,
    model: engine.model.hash,
    sources: sources.map(({ name, hash }) => [name, hash]),
    shardTokens,
    batchTokens: BATCH_TOKENS,
  };
  const hash = createHash("sha256").update(canonicalJson(settings)).digest("hex").slice(0, 16);
  return {
    ...options,
    shards: [...shardsOf(corpus, shardTokens)],
    places: corpusPlaces(corpus, engine.model.shape.vocabulary),
    prefix: `unit-index.${hash}.shard-`,
  };
}

/** Whole documents, in order, until a shard has its tokens. */
export function* shardsOf(corpus: Corpus, shardTokens: number): Generator<Shard> {
  let number = 0;
  let from = 0;
  let tokens = 0;
  for (const [i, { length }] of corpus.documents.entries()) {
    tokens += Math.max(0, length - corpus.skip);
    if (tokens < shardTokens && i + 1 < corpus.documents.length) continue;
    yield { number: number++, from, to: i + 1, tokens };
    from = i + 1;
    tokens = 0;
  }
}

function keyOf({ prefix }: Plan, { number }: Shard, source: number): string {
  return `${prefix}${String(number).padStart(5, "0")}.${String(source).padStart(3, "0")}.safetensors`;
}

/** One pass over the shard's texts for all sources. `progress` gets the tokens of each batch. */
async function computeShard(plan: Plan, shard: Shard, progress: (tokens: number) => void): Promise<ShardPart[]> {
  const { engine, corpus, places, sources, signal } = plan;
  const sites = [...new Map(sources.map(({ site }) => [nameOf(site), site])).values()];
  const siteOf = sources.map(({ site }) => sites.findIndex((each) => nameOf(each) === nameOf(site)));
  const collectors = sources.map((source) => collectorOf(plan, source, places));
  const range = { from: shard.from, to: shard.to, batchTokens: BATCH_TOKENS, signal };
  for await (const { values, ...rows } of harvest(engine, corpus, sites, range)) {
    const placed = placeRows(places, rows);
    for (const [i, collector] of collectors.entries()) {
      await collector.add(placed, ensureDefined(values[siteOf[i] ?? 0]));
    }
    progress(rows.tokens.length);
    // The runtime computes without giving way: a turn of the event loop lets the server answer, and a cancel arrive.
    await nextTurn();
    signal.throwIfAborted();
  }
  return collectors.map((collector) => collector.finish());
}

interface Collector {
  add(rows: PlacedRows, values: Tensor): Promise<void>;
  finish(): ShardPart;
}

function collectorOf({ engine, signal }: Plan, source: IndexedSource, places: CorpusPlaces): Collector {
  const { dictionary } = source;
  if (dictionary === undefined) {
    const neurons = neuronAccumulator(source, places);
    return { add: async (rows, { data }) => neurons.add(rows, data), finish: neurons.finish };
  }
  const features = featureAccumulator(source, places);
  return {
    add: async (rows, values) => features.add(rows, await encodeFeatures(engine, dictionary, values, signal)),
    finish: features.finish,
  };
}

/** One source over all shards, in their order. */
async function mergeShards(plan: Plan, i: number): Promise<SourceIndex> {
  const { artefacts, corpus, places, shards, sources } = plan;
  const source = ensureDefined(sources[i]);
  const state = newSourceState(source.name, source.units);
  let tokenSums = emptyTokenSums(source.units);
  const seen = new Uint32Array(places.occurrences.length);
  for (const shard of shards) {
    const part = await readShard(artefacts, keyOf(plan, shard, i), source);
    mergeState(state, part.state);
    countTokens(corpus, shard.from, shard.to, seen);
    tokenSums = addTokenSums(tokenSums, part.tokenSums, seen, MERGED_TOKENS_KEPT);
  }
  return finishSource(source, state, tokenSums, places, countedTokens(corpus));
}

async function readShard(artefacts: ArtefactStore, key: string, source: IndexedSource): Promise<ShardPart> {
  const bytes = await artefacts.read(key);
  if (bytes === undefined) {
    throw new PatchbayError("not-ready", `A shard of the unit index is gone: ${key}.`, {
      advice: "Start the job again to compute it anew.",
    });
  }
  try {
    return decodeShard(bytes, source.name, source.units);
  } catch (problem) {
    await artefacts.remove(key);
    throw problem;
  }
}
