/**
 * What is accumulated about one source while text streams by: flat in the length of the corpus, and mergeable. Statistics
 * are sums; examples are the best (or smallest by hash) of sets, so that the merge of two states is the state of both texts.
 * Only `sum` depends on the order of merging, by rounding: states are merged in the order of the shards.
 *
 * Quantile examples need the maximum, which is unknown yet. So samples are kept by activation, in *bins* of a quarter octave
 * (2^e·{1, 1.25, 1.5, 1.75}), the four with the smallest hash of a bin: for the LEAD_BINS bins up to that of the largest
 * activation so far, one slot each, and one slot for all below. When the maximum rises, bins that fall behind move into
 * that last slot; since each slot holds the smallest hashes of its set exactly, so does the union.
 */
import { mix } from "./corpus-places.ts";
import { HISTOGRAM_BINS, RANDOM, TOP } from "./source-index.ts";

/** Reaches from the maximum to below a fifth of it, so that only the lowest interval draws on the rest. */
export const LEAD_BINS = 11;
export const REST = LEAD_BINS;
export const SLOTS = LEAD_BINS + 1;
export const PER_SLOT = 4;
const ALL_BITS = 0xffffffff;

export interface SourceState {
  readonly units: number;
  /** [unit]: makes hashes of one place differ between units. */
  readonly seeds: Uint32Array;
  readonly firing: Uint32Array;
  readonly sum: Float64Array;
  /** [unit]: ±∞ where nothing was seen. Of features, only those that fire are seen. */
  readonly maximum: Float32Array;
  readonly minimum: Float32Array;
  /** [unit × HISTOGRAM_BINS] */
  readonly histogram: Uint32Array;
  /** [unit]: bin of the largest activation, −1 before the first above 0. */
  readonly lead: Int32Array;
  /** [unit × SLOTS × PER_SLOT], in no particular order; value 0 where empty. Bin b is in slot b mod LEAD_BINS. */
  readonly samplePlaces: Uint32Array;
  readonly sampleValues: Float32Array;
  /** [unit × SLOTS]: only smaller hashes are still wanted. */
  readonly sampleLimits: Uint32Array;
  /** [unit × RANDOM]: the largest hashes of all firing tokens, so that they are not those of the slots. */
  readonly randomPlaces: Uint32Array;
  readonly randomValues: Float32Array;
  /** [unit]: only hashes whose complement is smaller are still wanted. */
  readonly randomLimits: Uint32Array;
  /** [unit × TOP], by falling activation, then by place; value 0 where empty. */
  readonly topPlaces: Uint32Array;
  readonly topValues: Float32Array;
  readonly topWindows: Uint32Array;
}

export function newSourceState(source: string, units: number): SourceState {
  let seed = 0;
  for (let i = 0; i < source.length; i++) seed = mix(seed ^ source.charCodeAt(i));
  return {
    units,
    seeds: Uint32Array.from({ length: units }, (_, unit) => mix(seed + unit)),
    firing: new Uint32Array(units),
    sum: new Float64Array(units),
    maximum: new Float32Array(units).fill(Number.NEGATIVE_INFINITY),
    minimum: new Float32Array(units).fill(Number.POSITIVE_INFINITY),
    histogram: new Uint32Array(units * HISTOGRAM_BINS),
    lead: new Int32Array(units).fill(-1),
    samplePlaces: new Uint32Array(units * SLOTS * PER_SLOT),
    sampleValues: new Float32Array(units * SLOTS * PER_SLOT),
    sampleLimits: new Uint32Array(units * SLOTS).fill(ALL_BITS),
    randomPlaces: new Uint32Array(units * RANDOM),
    randomValues: new Float32Array(units * RANDOM),
    randomLimits: new Uint32Array(units).fill(ALL_BITS),
    topPlaces: new Uint32Array(units * TOP),
    topValues: new Float32Array(units * TOP),
    topWindows: new Uint32Array(units * TOP),
  };
}

/** Of a place, for a unit: a permutation of the places, so that two places never tie. */
export function sampleHash(seed: number, place: number): number {
  return mix(place ^ seed);
}

/** Keeps a sample if its hash is among the smallest of its slot. */
export function offerSample(state: SourceState, unit: number, slot: number, place: number, value: number): void {
  const { samplePlaces, sampleValues, sampleLimits, seeds } = state;
  const list = unit * SLOTS + slot;
  const seed = seeds[unit] ?? 0;
  if (sampleHash(seed, place) > (sampleLimits[list] ?? 0)) return;
  sampleLimits[list] = keepSmallest(samplePlaces, sampleValues, list * PER_SLOT, PER_SLOT, seed, 0, place, value);
}

/** Keeps a random example if its hash is among the largest. */
export function offerRandom(state: SourceState, unit: number, place: number, value: number): void {
  const { randomPlaces, randomValues, randomLimits, seeds } = state;
  const seed = seeds[unit] ?? 0;
  if (~sampleHash(seed, place) >>> 0 > (randomLimits[unit] ?? 0)) return;
  randomLimits[unit] = keepSmallest(randomPlaces, randomValues, unit * RANDOM, RANDOM, seed, ALL_BITS, place, value);
}

/**
 * Puts an entry into an empty place of a list, or in place of that with the greatest hash.
 * @param flip exclusive-ored with hashes: ALL_BITS turns their order round.
 * @returns The hash above which nothing is wanted any more.
 */
function keepSmallest(
  places: Uint32Array,
  values: Float32Array,
  start: number,
  count: number,
  seed: number,
  flip: number,
  place: number,
  value: number,
): number {
  const hash = (sampleHash(seed, place) ^ flip) >>> 0;
  let target = -1;
  let empty = 0;
  let greatest = -1;
  let second = -1;
  for (let i = start; i < start + count; i++) {
    if (values[i] === 0) {
      if (empty === 0) target = i;
      empty++;
      continue;
    }
    const held = (sampleHash(seed, places[i] ?? 0) ^ flip) >>> 0;
    if (held > greatest) {
      second = greatest;
      greatest = held;
      if (empty === 0) target = i;
    } else if (held > second) {
      second = held;
    }
  }
  places[target] = place;
  values[target] = value;
  if (empty > 0) return empty === 1 ? Math.max(greatest, hash) : ALL_BITS;
  return Math.max(second, hash);
}

/** The maximum has reached a higher bin: bins that are now too far below it join the rest. */
export function raiseLead(state: SourceState, unit: number, lead: number): void {
  const before = state.lead[unit] ?? -1;
  state.lead[unit] = lead;
  if (before < 0) return;
  const lowest = Math.max(0, before - LEAD_BINS + 1);
  for (let bin = lowest; bin <= Math.min(before, lead - LEAD_BINS); bin++) {
    const list = unit * SLOTS + (bin % LEAD_BINS);
    for (let i = list * PER_SLOT; i < (list + 1) * PER_SLOT; i++) {
      const value = state.sampleValues[i] ?? 0;
      if (value !== 0) offerSample(state, unit, REST, state.samplePlaces[i] ?? 0, value);
      state.sampleValues[i] = 0;
    }
    state.sampleLimits[list] = ALL_BITS;
  }
}

/** The peak of a document: kept if it is among the best, and the best of its window. Only activations above 0. */
export function offerTop(state: SourceState, unit: number, place: number, value: number, window: number): void {
  const { topPlaces, topValues, topWindows } = state;
  const start = unit * TOP;
  const end = start + TOP;
  // Where the entries end: an equal window that is better refuses the new one, one that is worse makes room.
  let room = end;
  for (let i = start; i < end; i++) {
    const held = topValues[i] ?? 0;
    if (held === 0) {
      room = i + 1;
      break;
    }
    if (topWindows[i] !== window) continue;
    if (held > value || (held === value && (topPlaces[i] ?? 0) < place)) return;
    room = i + 1;
    break;
  }
  let i = room - 1;
  if (room === end && topValues[i] !== 0 && topWindows[i] !== window) {
    const last = topValues[i] ?? 0;
    if (last > value || (last === value && (topPlaces[i] ?? 0) < place)) return;
  }
  for (; i > start; i--) {
    const above = topValues[i - 1] ?? 0;
    if (above > value || (above === value && (topPlaces[i - 1] ?? 0) < place)) break;
    topValues[i] = above;
    topPlaces[i] = topPlaces[i - 1] ?? 0;
    topWindows[i] = topWindows[i - 1] ?? 0;
  }
  topValues[i] = value;
  topPlaces[i] = place;
  topWindows[i] = window;
}

/** Adds another state of the same source, over other text, to this one. */
export function mergeState(into: SourceState, from: SourceState): void {
  for (let i = 0; i < into.histogram.length; i++) {
    into.histogram[i] = (into.histogram[i] ?? 0) + (from.histogram[i] ?? 0);
  }
  for (let unit = 0; unit < into.units; unit++) {
    into.firing[unit] = (into.firing[unit] ?? 0) + (from.firing[unit] ?? 0);
    into.sum[unit] = (into.sum[unit] ?? 0) + (from.sum[unit] ?? 0);
    into.maximum[unit] = Math.max(into.maximum[unit] ?? 0, from.maximum[unit] ?? 0);
    into.minimum[unit] = Math.min(into.minimum[unit] ?? 0, from.minimum[unit] ?? 0);
    mergeSamples(into, from, unit);
    for (let i = unit * RANDOM; i < (unit + 1) * RANDOM; i++) {
      const value = from.randomValues[i] ?? 0;
      if (value !== 0) offerRandom(into, unit, from.randomPlaces[i] ?? 0, value);
    }
    for (let i = unit * TOP; i < (unit + 1) * TOP; i++) {
      const value = from.topValues[i] ?? 0;
      if (value !== 0) offerTop(into, unit, from.topPlaces[i] ?? 0, value, from.topWindows[i] ?? 0);
    }
  }
}

function mergeSamples(into: SourceState, from: SourceState, unit: number): void {
  const theirs = from.lead[unit] ?? -1;
  if (theirs > (into.lead[unit] ?? -1)) raiseLead(into, unit, theirs);
  const lead = into.lead[unit] ?? -1;
  for (let slot = 0; slot < SLOTS; slot++) {
    // The bin of this slot: the only one up to their lead that is `slot` modulo LEAD_BINS.
    const bin = theirs - ((theirs + LEAD_BINS - slot) % LEAD_BINS);
    const target = slot !== REST && lead - bin < LEAD_BINS ? slot : REST;
    const list = (unit * SLOTS + slot) * PER_SLOT;
    for (let i = list; i < list + PER_SLOT; i++) {
      const value = from.sampleValues[i] ?? 0;
      if (value !== 0) offerSample(into, unit, target, from.samplePlaces[i] ?? 0, value);
    }
  }
}
