/** Activations of a batch into the state of their source. These are the loops that a whole corpus goes through. */
import { ensureDefined } from "@patchbay/vocabulary";
import type { SparseFeatures } from "../dictionaries/sparse-features.ts";
import { type CorpusPlaces, mix, type PlacedRows, windowHash } from "./corpus-places.ts";
import type { IndexedSource } from "./index-sources.ts";
import { HISTOGRAM_BINS, histogramBin, LOWEST_HALF_OCTAVE, TOP, TOP_TOKEN_OCCURRENCES } from "./source-index.ts";
import {
  LEAD_BINS,
  newSourceState,
  offerRandom,
  offerSample,
  offerTop,
  REST,
  raiseLead,
  SLOTS,
  type SourceState,
} from "./source-state.ts";
import { DenseTokenBlocks, SparseTokenBlocks, type TokenSums } from "./token-sums.ts";

/** What one source keeps of a shard. */
export interface ShardPart {
  readonly state: SourceState;
  readonly tokenSums: TokenSums;
}

export interface Accumulator<Values> {
  add(rows: PlacedRows, values: Values): void;
  finish(): ShardPart;
}

/**
 * Neurons: a value on every row; values are [row, unit], row-major. Within a document the loop goes unit by unit, so that what
 * belongs to a unit stays at hand: this is the bulk of the arithmetic of an index.
 */
export function neuronAccumulator(source: IndexedSource, places: CorpusPlaces): Accumulator<Float32Array> {
  const { units } = source;
  const state = newSourceState(source.name, units);
  const blocks = new DenseTokenBlocks(units, places.occurrences.length);
  const addDocument = (rows: PlacedRows, first: number, end: number, values: Float32Array, bits: Int32Array) => {
    const document = ensureDefined(places.corpus.documents[rows.documents[first] ?? 0]);
    const { topValues } = state;
    for (let unit = 0; unit < units; unit++) {
      const peakRow = addUnit(state, rows, first, end, unit, values, bits);
      const peak = values[peakRow * units + unit] ?? 0;
      if (peak <= 0 || peak < (topValues[unit * TOP + TOP - 1] ?? 0)) continue;
      offerTop(state, unit, rows.places[peakRow] ?? 0, peak, windowHash(document, rows.positions[peakRow] ?? 0));
    }
  };
  return {
    add(rows, values) {
      const bits = new Int32Array(values.buffer, values.byteOffset, values.length);
      for (const [row, token] of rows.tokens.entries()) {
        if ((places.occurrences[token] ?? 0) < TOP_TOKEN_OCCURRENCES) continue;
        addTo(blocks.table, blocks.offsetFor(token), values, row * units, units);
      }
      for (let segment = 0; segment + 1 < rows.segments.length; segment++) {
        addDocument(rows, rows.segments[segment] ?? 0, rows.segments[segment + 1] ?? 0, values, bits);
      }
    },
    finish: () => ({ state, tokenSums: blocks.finish() }),
  };
}

/** One neuron over rows `first` … `end`. @returns The row of its largest activation, the first of equal ones. */
function addUnit(
  state: SourceState,
  rows: PlacedRows,
  first: number,
  end: number,
  unit: number,
  values: Float32Array,
  bits: Int32Array,
): number {
  const { units, histogram, sampleLimits, randomLimits } = state;
  const { places } = rows;
  const seed = state.seeds[unit] ?? 0;
  const bins = unit * HISTOGRAM_BINS;
  const slots = unit * SLOTS;
  let lead = state.lead[unit] ?? 0;
  let randomLimit = randomLimits[unit] ?? 0;
  let sum = 0;
  let firing = 0;
  let minimum = Number.POSITIVE_INFINITY;
  let maximum = Number.NEGATIVE_INFINITY;
  let peakRow = first;
  for (let row = first, i = first * units + unit; row < end; row++, i += units) {
    const value = values[i] ?? 0;
    sum += value;
    if (value < minimum) minimum = value;
    if (value > maximum) {
      maximum = value;
      peakRow = row;
    }
    if (value <= 0) continue;
    firing++;
    const pattern = bits[i] ?? 0;
    const bin = bins + clampedBin(pattern);
    histogram[bin] = (histogram[bin] ?? 0) + 1;
    const quarter = pattern >> 21;
    if (quarter > lead) {
      raiseLead(state, unit, quarter);
      lead = quarter;
    }
    const slot = lead - quarter < LEAD_BINS ? quarter % LEAD_BINS : REST;
    const place = places[row] ?? 0;
    const hash = mix(place ^ seed);
    if (hash <= (sampleLimits[slots + slot] ?? 0)) offerSample(state, unit, slot, place, value);
    if (~hash >>> 0 <= randomLimit) {
      offerRandom(state, unit, place, value);
      randomLimit = randomLimits[unit] ?? 0;
    }
  }
  state.sum[unit] = (state.sum[unit] ?? 0) + sum;
  state.firing[unit] = (state.firing[unit] ?? 0) + firing;
  if (minimum < (state.minimum[unit] ?? 0)) state.minimum[unit] = minimum;
  if (maximum > (state.maximum[unit] ?? 0)) state.maximum[unit] = maximum;
  return peakRow;
}

/** Features: only those that fire. */
export function featureAccumulator(source: IndexedSource, places: CorpusPlaces): Accumulator<SparseFeatures> {
  const state = newSourceState(source.name, source.units);
  const blocks = new SparseTokenBlocks(source.units, places.occurrences.length);
  const peaks = new Peaks(state, places);
  const skipsFirst = source.dictionary?.spec.skipsFirstPosition === true;
  const { firing, sum, maximum, minimum, histogram } = state;
  return {
    add(rows, { starts, features, values }) {
      const bits = new Int32Array(values.buffer, values.byteOffset, values.length);
      for (let segment = 0; segment + 1 < rows.segments.length; segment++) {
        const end = rows.segments[segment + 1] ?? 0;
        for (let row = rows.segments[segment] ?? 0; row < end; row++) {
          const token = rows.tokens[row] ?? 0;
          const place = rows.places[row] ?? 0;
          const first = starts[row] ?? 0;
          const last = skipsFirst && rows.positions[row] === 0 ? first : (starts[row + 1] ?? 0);
          const isCounted = (places.occurrences[token] ?? 0) >= TOP_TOKEN_OCCURRENCES;
          if (isCounted) blocks.begin(token, last - first);
          for (let i = first; i < last; i++) {
            const unit = features[i] ?? 0;
            const value = values[i] ?? 0;
            firing[unit] = (firing[unit] ?? 0) + 1;
            sum[unit] = (sum[unit] ?? 0) + value;
            if (value < (minimum[unit] ?? 0)) minimum[unit] = value;
            if (value > (maximum[unit] ?? 0)) maximum[unit] = value;
            if (isCounted) blocks.add(unit, token, value);
            if (value > 0) {
              addPositive(state, unit, place, value, bits[i] ?? 0);
              peaks.see(unit, row, value);
            } else {
              const bin = unit * HISTOGRAM_BINS + histogramBin(value);
              histogram[bin] = (histogram[bin] ?? 0) + 1;
              offerSample(state, unit, REST, place, value);
              offerRandom(state, unit, place, value);
            }
          }
        }
        peaks.endDocument(rows);
      }
    },
    finish: () => ({ state, tokenSums: blocks.finish() }),
  };
}

/** Histogram and samples. `bits` are the float's: exponent and first two bits of the mantissa are its quarter octave. */
function addPositive(state: SourceState, unit: number, place: number, value: number, bits: number): void {
  const { histogram, lead, sampleLimits, randomLimits, seeds } = state;
  const bin = unit * HISTOGRAM_BINS + clampedBin(bits);
  histogram[bin] = (histogram[bin] ?? 0) + 1;
  const quarter = bits >> 21;
  if (quarter > (lead[unit] ?? 0)) raiseLead(state, unit, quarter);
  const slot = (lead[unit] ?? 0) - quarter < LEAD_BINS ? quarter % LEAD_BINS : REST;
  const hash = mix(place ^ (seeds[unit] ?? 0));
  if (hash <= (sampleLimits[unit * SLOTS + slot] ?? 0)) offerSample(state, unit, slot, place, value);
  if (~hash >>> 0 <= (randomLimits[unit] ?? 0)) offerRandom(state, unit, place, value);
}

/** `histogramBin` of the positive float with these bits. */
function clampedBin(bits: number): number {
  const bin = (bits >> 22) - LOWEST_HALF_OCTAVE;
  return bin < 0 ? 0 : bin < HISTOGRAM_BINS ? bin : HISTOGRAM_BINS - 1;
}

function addTo(sums: Float32Array, at: number, values: Float32Array, from: number, count: number): void {
  for (let i = 0; i < count; i++) sums[at + i] = (sums[at + i] ?? 0) + (values[from + i] ?? 0);
}

/** Each unit's largest activation in the document at hand; one a document competes for the top examples. */
class Peaks {
  private readonly state: SourceState;
  private readonly places: CorpusPlaces;
  private readonly values: Float32Array;
  private readonly rows: Int32Array;
  private readonly touched: Int32Array;
  private count = 0;

  constructor(state: SourceState, places: CorpusPlaces) {
    this.state = state;
    this.places = places;
    this.values = new Float32Array(state.units);
    this.rows = new Int32Array(state.units);
    this.touched = new Int32Array(state.units);
  }

  /** `value` > 0. Of equal activations the first counts. */
  see(unit: number, row: number, value: number): void {
    const peak = this.values[unit] ?? 0;
    if (value <= peak) return;
    if (peak === 0) this.touched[this.count++] = unit;
    this.values[unit] = value;
    this.rows[unit] = row;
  }

  endDocument(rows: PlacedRows): void {
    const { topValues } = this.state;
    const { documents } = this.places.corpus;
    for (let i = 0; i < this.count; i++) {
      const unit = this.touched[i] ?? 0;
      const value = this.values[unit] ?? 0;
      this.values[unit] = 0;
      if (value < (topValues[unit * TOP + TOP - 1] ?? 0)) continue;
      const row = this.rows[unit] ?? 0;
      const window = windowHash(ensureDefined(documents[rows.documents[row] ?? 0]), rows.positions[row] ?? 0);
      offerTop(this.state, unit, rows.places[row] ?? 0, value, window);
    }
    this.count = 0;
  }
}
