/** The index of a few units by plain loops over all activations: slow, and short enough to be checked by reading. */

import { buildDenseEncodeGraph, DICTIONARY_VALUES } from "@patchbay/dictionary";
import type { Engine } from "@patchbay/transformer";
import { ensureDefined, tensor } from "@patchbay/vocabulary";
import { type Corpus, countedTokens } from "../../corpus/corpus.ts";
import type { IndexedSource } from "../../unit-index/index-sources.ts";
import {
  type ExampleReferences,
  HISTOGRAM_BINS,
  histogramBin,
  INTERVALS,
  intervalOf,
  PER_INTERVAL,
  RANDOM,
  type SourceIndex,
  TOP,
  TOP_TOKENS,
  type UnitIndex,
} from "../../unit-index/source-index.ts";

/** Activations of a source on one text, [position × unit]. */
export async function denseActivations(
  engine: Engine,
  source: IndexedSource,
  tokens: readonly number[],
): Promise<Float32Array> {
  const { reads } = await engine.forward({ tokens: [tokens], reads: [{ site: source.site }] });
  const { data } = ensureDefined(reads[0]);
  const { dictionary } = source;
  if (dictionary === undefined) return data;
  const input = tensor(["row", "input"], [tokens.length, data.length / tokens.length], data);
  const program = { key: `dense ${dictionary.hash}`, build: () => buildDenseEncodeGraph(dictionary) };
  const found = await engine.evaluate(program, { [DICTIONARY_VALUES.input]: input }, [DICTIONARY_VALUES.dense]);
  return found[DICTIONARY_VALUES.dense].data;
}

interface Seen {
  readonly document: number;
  readonly position: number;
  readonly token: number;
  readonly value: number;
}

export async function bruteForceIndex(
  engine: Engine,
  corpus: Corpus,
  sources: readonly IndexedSource[],
): Promise<UnitIndex> {
  const tokens = countedTokens(corpus);
  const { name, hash, documents } = corpus;
  const indexed: SourceIndex[] = [];
  for (const source of sources) {
    const activations = await Promise.all(documents.map((ids) => denseActivations(engine, source, Array.from(ids))));
    const all = (unit: number): Seen[] =>
      documents.flatMap((ids, document) =>
        Array.from(ids, (token, position) => ({
          document,
          position,
          token,
          value: activations[document]?.[position * source.units + unit] ?? Number.NaN,
        })).slice(corpus.skip),
      );
    indexed.push(sourceIndex(source, tokens, all));
  }
  return {
    corpus: { name, hash, documents: documents.length, tokens },
    modelHash: engine.model.hash,
    sources: new Map(indexed.map((each) => [each.source, each])),
  };
}

function sourceIndex(source: IndexedSource, tokens: number, all: (unit: number) => Seen[]): SourceIndex {
  const { units } = source;
  const index: SourceIndex = {
    source: source.name,
    sourceHash: source.hash,
    kind: source.kind,
    layer: source.layer,
    units,
    tokens,
    firing: new Uint32Array(units),
    sum: new Float64Array(units),
    maximum: new Float32Array(units),
    minimum: new Float32Array(units),
    histogram: new Uint32Array(units * HISTOGRAM_BINS),
    top: noReferences(units * TOP),
    intervals: noReferences(units * INTERVALS * PER_INTERVAL),
    random: noReferences(units * RANDOM),
    topTokens: new Int32Array(units * TOP_TOKENS).fill(-1),
    topTokenMeans: new Float32Array(units * TOP_TOKENS),
  };
  for (let unit = 0; unit < units; unit++) {
    const seen = all(unit);
    const firing = seen.filter(({ value }) => (source.kind === "neuron" ? value > 0 : value !== 0));
    const values = seen.map(({ value }) => value);
    const maximum = Math.max(...values);
    index.firing[unit] = firing.length;
    index.sum[unit] = values.reduce((sum, value) => sum + value, 0);
    index.maximum[unit] = maximum;
    index.minimum[unit] = Math.min(...values);
    for (const { value } of firing) {
      const bin = unit * HISTOGRAM_BINS + histogramBin(value);
      index.histogram[bin] = (index.histogram[bin] ?? 0) + 1;
    }
    const falling = [...firing].sort((a, b) => b.value - a.value);
    const ofDistinctTexts = falling.filter(
      ({ document, value }, i) => value > 0 && falling.findIndex((other) => other.document === document) === i,
    );
    fill(index.top, unit * TOP, ofDistinctTexts.slice(0, TOP));
    for (let interval = 0; interval < INTERVALS; interval++) {
      const own = falling.filter(({ value }) => intervalOf(value, maximum) === interval);
      fill(index.intervals, (unit * INTERVALS + interval) * PER_INTERVAL, own.slice(0, PER_INTERVAL));
    }
    fill(index.random, unit * RANDOM, firing.slice(0, RANDOM));
    const byToken = new Map<number, Seen[]>();
    for (const each of seen) byToken.set(each.token, [...(byToken.get(each.token) ?? []), each]);
    [...byToken]
      .map(([token, places]) => ({ token, mean: places.reduce((sum, { value }) => sum + value, 0) / places.length }))
      .filter(({ mean }) => mean > 0)
      .sort((a, b) => b.mean - a.mean)
      .slice(0, TOP_TOKENS)
      .forEach(({ token, mean }, rank) => {
        index.topTokens[unit * TOP_TOKENS + rank] = token;
        index.topTokenMeans[unit * TOP_TOKENS + rank] = mean;
      });
  }
  return index;
}

function noReferences(length: number): ExampleReferences {
  return {
    documents: new Int32Array(length).fill(-1),
    positions: new Int32Array(length),
    values: new Float32Array(length),
  };
}

function fill(references: ExampleReferences, first: number, places: readonly Seen[]): void {
  places.forEach(({ document, position, value }, i) => {
    references.documents[first + i] = document;
    references.positions[first + i] = position;
    references.values[first + i] = value;
  });
}
