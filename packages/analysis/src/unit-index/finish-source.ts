/** The merged state of a source, as what is kept of it: samples become interval and random examples, sums become means. */
import { ensureDefined } from "@patchbay/vocabulary";
import { type CorpusPlaces, documentAt } from "./corpus-places.ts";
import type { IndexedSource } from "./index-sources.ts";
import {
  type ExampleReferences,
  INTERVALS,
  intervalOf,
  PER_INTERVAL,
  RANDOM,
  type SourceIndex,
  TOP,
  TOP_TOKENS,
} from "./source-index.ts";
import { PER_SLOT, SLOTS, type SourceState, sampleHash } from "./source-state.ts";
import type { TokenSums } from "./token-sums.ts";

interface Sample {
  readonly place: number;
  readonly value: number;
}

/** @param tokens Counted tokens of the corpus. */
export function finishSource(
  source: IndexedSource,
  state: SourceState,
  tokenSums: TokenSums,
  places: CorpusPlaces,
  tokens: number,
): SourceIndex {
  const { units, firing } = state;
  const top = new References(units * TOP, places);
  const intervals = new References(units * INTERVALS * PER_INTERVAL, places);
  const random = new References(units * RANDOM, places);
  // Tokens on which a feature does not fire have the activation 0.
  const { maximum, minimum } = state;
  for (let unit = 0; unit < units; unit++) {
    if (source.kind === "feature" && (firing[unit] ?? 0) < tokens) {
      maximum[unit] = Math.max(0, maximum[unit] ?? 0);
      minimum[unit] = Math.min(0, minimum[unit] ?? 0);
    }
    top.put(unit * TOP, samplesOf(state.topPlaces, state.topValues, unit * TOP, TOP));
    intervalSamples(state, unit).forEach((samples, interval) => {
      intervals.put((unit * INTERVALS + interval) * PER_INTERVAL, samples);
    });
    const drawn = samplesOf(state.randomPlaces, state.randomValues, unit * RANDOM, RANDOM);
    random.put(
      unit * RANDOM,
      drawn.sort((a, b) => a.place - b.place),
    );
  }
  return {
    source: source.name,
    sourceHash: source.hash,
    kind: source.kind,
    layer: source.layer,
    units,
    tokens,
    firing,
    sum: state.sum,
    maximum,
    minimum,
    histogram: state.histogram,
    top: top.references,
    intervals: intervals.references,
    random: random.references,
    ...highestTokens(units, tokenSums, places.occurrences),
  };
}

function samplesOf(places: Uint32Array, values: Float32Array, start: number, count: number): Sample[] {
  const samples: Sample[] = [];
  for (let i = start; i < start + count; i++) {
    const value = values[i] ?? 0;
    if (value !== 0) samples.push({ place: places[i] ?? 0, value });
  }
  return samples;
}

/** In each interval the samples of the smallest hash, by falling activation. */
function intervalSamples(state: SourceState, unit: number): Sample[][] {
  const size = SLOTS * PER_SLOT;
  const seed = state.seeds[unit] ?? 0;
  const maximum = state.maximum[unit] ?? 0;
  const intervals: Sample[][] = Array.from({ length: INTERVALS }, () => []);
  for (const sample of samplesOf(state.samplePlaces, state.sampleValues, unit * size, size)) {
    ensureDefined(intervals[intervalOf(sample.value, maximum)]).push(sample);
  }
  return intervals.map((samples) =>
    samples
      .sort((a, b) => sampleHash(seed, a.place) - sampleHash(seed, b.place))
      .slice(0, PER_INTERVAL)
      .sort((a, b) => b.value - a.value || a.place - b.place),
  );
}

/** Tokens by falling mean activation over all their occurrences; see token-sums.ts for what is cut. */
function highestTokens(units: number, { starts, tokens, sums }: TokenSums, occurrences: Uint32Array) {
  const topTokens = new Int32Array(units * TOP_TOKENS).fill(-1);
  const topTokenMeans = new Float32Array(units * TOP_TOKENS);
  for (let unit = 0; unit < units; unit++) {
    const first = unit * TOP_TOKENS;
    let held = 0;
    for (let i = starts[unit] ?? 0; i < (starts[unit + 1] ?? 0); i++) {
      const token = tokens[i] ?? 0;
      const mean = Math.fround((sums[i] ?? 0) / (occurrences[token] ?? 1));
      if (mean <= 0) continue;
      if (held === TOP_TOKENS && mean <= (topTokenMeans[first + TOP_TOKENS - 1] ?? 0)) continue;
      let at = first + Math.min(held, TOP_TOKENS - 1);
      for (; at > first && (topTokenMeans[at - 1] ?? 0) < mean; at--) {
        topTokenMeans[at] = topTokenMeans[at - 1] ?? 0;
        topTokens[at] = topTokens[at - 1] ?? 0;
      }
      topTokenMeans[at] = mean;
      topTokens[at] = token;
      held = Math.min(TOP_TOKENS, held + 1);
    }
  }
  return { topTokens, topTokenMeans };
}

/** Places as documents and positions. */
class References {
  readonly references: ExampleReferences;
  private readonly places: CorpusPlaces;

  constructor(length: number, places: CorpusPlaces) {
    this.places = places;
    this.references = {
      documents: new Int32Array(length).fill(-1),
      positions: new Int32Array(length),
      values: new Float32Array(length),
    };
  }

  put(start: number, samples: readonly Sample[]): void {
    for (const [i, { place, value }] of samples.entries()) {
      const document = documentAt(this.places, place);
      this.references.documents[start + i] = document;
      this.references.positions[start + i] = place - (this.places.starts[document] ?? 0);
      this.references.values[start + i] = value;
    }
  }
}
