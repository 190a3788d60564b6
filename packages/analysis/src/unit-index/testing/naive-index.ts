/**
 * The unit index by its definitions: every activation is held, and every question answered by sorting them. For tests.
 */
import { ensureDefined } from "@patchbay/vocabulary";
import type { Corpus } from "../../corpus/corpus.ts";
import {
  HISTOGRAM_BINS,
  HISTOGRAM_EDGES,
  INTERVALS,
  PER_INTERVAL,
  RANDOM,
  TOP,
  TOP_TOKEN_OCCURRENCES,
  WINDOW_AFTER,
  WINDOW_BEFORE,
} from "../source-index.ts";
import { sampleHash } from "../source-state.ts";

export interface Activation {
  readonly document: number;
  readonly position: number;
  readonly token: number;
  readonly value: number;
}

type Reference = readonly [document: number, position: number, value: number];

export interface NaiveUnit {
  readonly firing: number;
  readonly sum: number;
  readonly maximum: number;
  readonly minimum: number;
  readonly histogram: number[];
  readonly top: Reference[];
  readonly intervals: Reference[][];
  readonly random: Reference[];
  /** Mean activation by token, of tokens seen often enough. */
  readonly tokenMeans: Map<number, number>;
}

/** @param activations One unit's at every counted token, in the order of the corpus. */
export function naiveUnit(corpus: Corpus, activations: readonly Activation[], seed: number): NaiveUnit {
  const values = activations.map(({ value }) => value);
  const starts: number[] = [0];
  for (const { length } of corpus.documents) starts.push((starts.at(-1) ?? 0) + length);
  const hashOf = ({ document, position }: Activation) => sampleHash(seed, (starts[document] ?? 0) + position);
  return {
    firing: values.filter((value) => value !== 0).length,
    sum: values.reduce((sum, value) => sum + value, 0),
    maximum: Math.max(...values),
    minimum: Math.min(...values),
    ...groupsOf(
      corpus,
      activations.filter(({ value }) => value !== 0),
      hashOf,
    ),
    tokenMeans: tokenMeans(activations),
  };
}

/** Neurons do not fire below 0, but their negative activations count in sums and means. */
export function naiveNeuron(corpus: Corpus, activations: readonly Activation[], seed: number): NaiveUnit {
  const whole = naiveUnit(corpus, activations, seed);
  const positive = activations.map((each) => ({ ...each, value: Math.max(0, each.value) }));
  const { sum, maximum, minimum, tokenMeans: means } = whole;
  return { ...naiveUnit(corpus, positive, seed), sum, maximum, minimum, tokenMeans: means };
}

function groupsOf(corpus: Corpus, firing: readonly Activation[], hashOf: (activation: Activation) => number) {
  const byHash = [...firing].sort((a, b) => hashOf(a) - hashOf(b));
  const maximum = Math.max(0, ...firing.map(({ value }) => value));
  const intervals: Activation[][] = Array.from({ length: INTERVALS }, () => []);
  for (const sample of sampled(byHash, maximum)) {
    const interval = Math.max(0, Math.min(INTERVALS - 1, Math.floor((sample.value / maximum) * INTERVALS)));
    if (ensureDefined(intervals[interval]).length < PER_INTERVAL) intervals[interval]?.push(sample);
  }
  return {
    histogram: Array.from({ length: HISTOGRAM_BINS }, (_, bin) => {
      const from = bin === 0 ? Number.NEGATIVE_INFINITY : ensureDefined(HISTOGRAM_EDGES[bin]);
      const to = bin === HISTOGRAM_BINS - 1 ? Number.POSITIVE_INFINITY : ensureDefined(HISTOGRAM_EDGES[bin + 1]);
      return firing.filter(({ value }) => value >= from && value < to).length;
    }),
    top: topOf(corpus, firing).map(referenceOf),
    intervals: intervals.map((each) => each.sort(byValue).map(referenceOf)),
    random: byHash
      .slice(-RANDOM)
      .sort((a, b) => a.document - b.document || a.position - b.position)
      .map(referenceOf),
  };
}

/** In the order of hashes: the first four of each quarter octave down to 11 below the maximum's, and of all the rest. */
function sampled(byHash: readonly Activation[], maximum: number): Activation[] {
  const quarterOctave = (value: number) => {
    const exponent = Math.floor(Math.log2(value));
    return exponent * 4 + Math.floor((value / 2 ** exponent - 1) * 4);
  };
  const counts = new Map<number, number>();
  return byHash.filter(({ value }) => {
    const below = value > 0 ? quarterOctave(maximum) - quarterOctave(value) : Number.POSITIVE_INFINITY;
    const bin = Math.min(11, below);
    counts.set(bin, (counts.get(bin) ?? 0) + 1);
    return (counts.get(bin) ?? 0) <= 4;
  });
}

function topOf({ documents }: Corpus, firing: readonly Activation[]): Activation[] {
  const best: Activation[] = [];
  const seenDocuments = new Set<number>();
  const seenWindows = new Set<string>();
  for (const each of [...firing].filter(({ value }) => value > 0).sort(byValue)) {
    if (seenDocuments.has(each.document)) continue;
    seenDocuments.add(each.document);
    const from = Math.max(0, each.position - WINDOW_BEFORE);
    const text = documents[each.document]?.slice(from, each.position + WINDOW_AFTER + 1);
    const window = `${each.position - from}: ${text?.join(" ")}`;
    if (seenWindows.has(window)) continue;
    seenWindows.add(window);
    best.push(each);
  }
  return best.slice(0, TOP);
}

function tokenMeans(activations: readonly Activation[]): Map<number, number> {
  const groups = new Map<number, number[]>();
  for (const { token, value } of activations) groups.set(token, [...(groups.get(token) ?? []), value]);
  return new Map(
    [...groups]
      .filter(([, values]) => values.length >= TOP_TOKEN_OCCURRENCES)
      .map(([token, values]) => [token, values.reduce((sum, value) => sum + value, 0) / values.length]),
  );
}

function byValue(a: Activation, b: Activation): number {
  return b.value - a.value || a.document - b.document || a.position - b.position;
}

function referenceOf({ document, position, value }: Activation): Reference {
  return [document, position, value];
}
