/**
 * The compact form of a unit index, in which it ships. Exact: histogram, firing (its sum), maximum, minimum, documents,
 * positions, tokens. Rounded: `sum` to float32; activations of examples and means of tokens as in quantise.ts, by
 * at most 0.5 %. Decoding and encoding again gives the same bytes.
 */
import { floatsFromPlanes, floatsToPlanes, fromPlanes, toPlanes } from "./byte-planes.ts";
import { type Extremes, quantise, restore } from "./quantise.ts";
import {
  type ExampleReferences,
  HISTOGRAM_BINS,
  INTERVALS,
  PER_INTERVAL,
  RANDOM,
  type SourceIndex,
  TOP,
  TOP_TOKENS,
  type UnitIndex,
} from "./source-index.ts";
import {
  damagedIndex,
  expectLength,
  type Parts,
  readContainer,
  type SourceParts,
  writeContainer,
} from "./unit-index-file.ts";
import { decodeVarints, encodeVarints } from "./varints.ts";

const DOCUMENT_BYTES = 3;
const POSITION_BYTES = 2;
const VALUE_BYTES = 2;
const TOKEN_BYTES = 3;

export function encodeUnitIndex(index: UnitIndex): Uint8Array {
  return writeContainer(
    index,
    [...index.sources.values()].map((source) => ({ header: headerOf(source), parts: partsOf(source) })),
  );
}

/** @throws PatchbayError `damaged-file` */
export function decodeUnitIndex(bytes: Uint8Array): UnitIndex {
  const { header, sources } = readContainer(bytes);
  const { corpus, modelHash } = header;
  return {
    corpus,
    modelHash,
    sources: new Map(sources.map((source) => [source.header.source, sourceOf(source, corpus.documents)])),
  };
}

function headerOf({ source, sourceHash, kind, layer, units, tokens }: SourceIndex): SourceParts["header"] {
  return { source, sourceHash, kind, layer, units, tokens };
}

function partsOf(source: SourceIndex): Parts {
  const top = codesOf(source, source.top.documents, source.top.values, TOP);
  const intervals = codesOf(source, source.intervals.documents, source.intervals.values, INTERVALS * PER_INTERVAL);
  const random = codesOf(source, source.random.documents, source.random.values, RANDOM);
  const means = codesOf(source, source.topTokens, source.topTokenMeans, TOP_TOKENS);
  return {
    sum: floatsToPlanes(Float32Array.from(source.sum)),
    maximum: floatsToPlanes(source.maximum),
    minimum: floatsToPlanes(source.minimum),
    ...histogramParts(source),
    topDocuments: toPlanes(plusOne(source.top.documents), TOP, DOCUMENT_BYTES),
    topPositions: toPlanes(source.top.positions, TOP, POSITION_BYTES),
    topValues: toPlanes(differences(top, TOP), TOP, VALUE_BYTES),
    intervalDocuments: toPlanes(plusOne(source.intervals.documents), INTERVALS * PER_INTERVAL, DOCUMENT_BYTES),
    intervalPositions: toPlanes(source.intervals.positions, INTERVALS * PER_INTERVAL, POSITION_BYTES),
    intervalValues: toPlanes(intervals, INTERVALS * PER_INTERVAL, VALUE_BYTES),
    randomDocuments: toPlanes(plusOne(source.random.documents), RANDOM, DOCUMENT_BYTES),
    randomPositions: toPlanes(source.random.positions, RANDOM, POSITION_BYTES),
    randomValues: toPlanes(random, RANDOM, VALUE_BYTES),
    topTokens: toPlanes(plusOne(source.topTokens), TOP_TOKENS, TOKEN_BYTES),
    topTokenMeans: toPlanes(differences(means, TOP_TOKENS), TOP_TOKENS, VALUE_BYTES),
  };
}

function sourceOf({ header, parts }: SourceParts, documents: number): SourceIndex {
  const { units } = header;
  const histogram = histogramOf(parts, units);
  const extremes = {
    maximum: floatsFromPlanes(expectLength(parts, "maximum", units * 4)),
    minimum: floatsFromPlanes(expectLength(parts, "minimum", units * 4)),
  };
  const references = (name: "top" | "interval" | "random", slots: number): ExampleReferences => {
    const table = (part: "Documents" | "Positions" | "Values", bytes: number) =>
      fromPlanes(expectLength(parts, `${name}${part}`, units * slots * bytes), slots, bytes);
    const places = minusOne(table("Documents", DOCUMENT_BYTES), documents);
    const stored = table("Values", VALUE_BYTES);
    const codes = name === "top" ? sums(stored, slots) : stored;
    return {
      documents: places,
      positions: Int32Array.from(table("Positions", POSITION_BYTES)),
      values: valuesOf(extremes, places, codes, slots),
    };
  };
  const tokenPart = expectLength(parts, "topTokens", units * TOP_TOKENS * TOKEN_BYTES);
  const topTokens = minusOne(fromPlanes(tokenPart, TOP_TOKENS, TOKEN_BYTES), 256 ** TOKEN_BYTES);
  const meanPart = expectLength(parts, "topTokenMeans", units * TOP_TOKENS * VALUE_BYTES);
  const means = sums(fromPlanes(meanPart, TOP_TOKENS, VALUE_BYTES), TOP_TOKENS);
  return {
    ...header,
    firing: totals(histogram, units),
    sum: Float64Array.from(floatsFromPlanes(expectLength(parts, "sum", units * 4))),
    ...extremes,
    histogram,
    top: references("top", TOP),
    intervals: references("interval", INTERVALS * PER_INTERVAL),
    random: references("random", RANDOM),
    topTokens,
    topTokenMeans: valuesOf(extremes, topTokens, means, TOP_TOKENS),
  };
}

/** Of each unit the first bin that is not empty and the number of bins to the last one; then those bins' counts. */
function histogramParts({ histogram, units }: SourceIndex): Pick<Parts, "histogramStarts" | "histogram"> {
  const starts = new Uint8Array(units * 2);
  const counts: number[] = [];
  for (let unit = 0; unit < units; unit++) {
    const bins = histogram.subarray(unit * HISTOGRAM_BINS, (unit + 1) * HISTOGRAM_BINS);
    const last = bins.findLastIndex((count) => count > 0);
    if (last < 0) continue;
    const first = bins.findIndex((count) => count > 0);
    starts[unit] = first;
    starts[units + unit] = last + 1 - first;
    for (let bin = first; bin <= last; bin++) counts.push(bins[bin] ?? 0);
  }
  return { histogramStarts: starts, histogram: encodeVarints(Uint32Array.from(counts)) };
}

function histogramOf(parts: Parts, units: number): Uint32Array {
  const starts = expectLength(parts, "histogramStarts", units * 2);
  const lengths = starts.subarray(units);
  const counts = decodeVarints(
    parts.histogram,
    lengths.reduce((sum, length) => sum + length, 0),
  );
  const histogram = new Uint32Array(units * HISTOGRAM_BINS);
  let at = 0;
  for (let unit = 0; unit < units; unit++) {
    const first = starts[unit] ?? 0;
    const length = lengths[unit] ?? 0;
    if (first + length > HISTOGRAM_BINS) throw damagedIndex("a histogram of too many bins");
    histogram.set(counts.subarray(at, at + length), unit * HISTOGRAM_BINS + first);
    at += length;
  }
  return histogram;
}

function totals(histogram: Uint32Array, units: number): Uint32Array {
  const firing = new Uint32Array(units);
  for (let i = 0; i < histogram.length; i++) {
    const unit = Math.floor(i / HISTOGRAM_BINS);
    firing[unit] = (firing[unit] ?? 0) + (histogram[i] ?? 0);
  }
  return firing;
}

/** Codes of values; 0 where `places` says that there is none. */
function codesOf(
  { maximum, minimum, units }: SourceIndex,
  places: Int32Array,
  values: Float32Array,
  slots: number,
): Uint32Array {
  const codes = new Uint32Array(values.length);
  for (let unit = 0; unit < units; unit++) {
    const extremes: Extremes = { maximum: maximum[unit] ?? 0, minimum: minimum[unit] ?? 0 };
    for (let i = unit * slots; i < (unit + 1) * slots; i++) {
      if ((places[i] ?? -1) >= 0) codes[i] = quantise(values[i] ?? 0, extremes);
    }
  }
  return codes;
}

function valuesOf(
  { maximum, minimum }: Pick<SourceIndex, "maximum" | "minimum">,
  places: Int32Array,
  codes: Uint32Array,
  slots: number,
): Float32Array {
  return Float32Array.from(codes, (code, i) => {
    if ((places[i] ?? -1) < 0) return 0;
    const unit = Math.floor(i / slots);
    return restore(code, { maximum: maximum[unit] ?? 0, minimum: minimum[unit] ?? 0 });
  });
}

/** Of falling values, so of rising codes: the first, then what each adds, modulo 2^16. */
function differences(codes: Uint32Array, slots: number): Uint32Array {
  return codes.map((code, i) => (i % slots === 0 ? code : (code - (codes[i - 1] ?? 0)) & 0xffff));
}

function sums(codes: Uint32Array, slots: number): Uint32Array {
  const restored = new Uint32Array(codes.length);
  for (let i = 0; i < codes.length; i++) {
    const before = i % slots === 0 ? 0 : (restored[i - 1] ?? 0);
    restored[i] = (before + (codes[i] ?? 0)) & 0xffff;
  }
  return restored;
}

function plusOne(numbers: Int32Array): Int32Array {
  return numbers.map((number) => number + 1);
}

function minusOne(numbers: Uint32Array, end: number): Int32Array {
  return Int32Array.from(numbers, (number) => {
    if (number > end) throw damagedIndex("a reference beyond the corpus");
    return number - 1;
  });
}
