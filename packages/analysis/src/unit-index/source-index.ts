/**
 * What every unit of a model does on a corpus: statistics and references to examples, unit-major typed arrays.
 * A source is one layer's neurons ("blocks.3.mlp.hook_post") or one dictionary. No text is held: an example is a document
 * and a position, and whoever shows it recomputes the activations around it.
 */

/** Entries of a unit in each group; where a unit has fewer, the rest has document −1. */
export const TOP = 12;
/** Equal parts of [0, maximum]; negative activations count with the first. */
export const INTERVALS = 5;
export const PER_INTERVAL = 3;
export const RANDOM = 4;
export const TOP_TOKENS = 6;
/** A token must be seen so often in the corpus to be one of a unit's top tokens. */
export const TOP_TOKEN_OCCURRENCES = 3;

/**
 * Bins of activations, the same for all units: two an octave, at 2^e and 1.5·2^e, from 2^−12 to 2^12. They follow from a
 * float's exponent and first mantissa bit. The first bin also takes what is smaller (negative ones too), the last what is larger.
 */
export const HISTOGRAM_BINS = 48;
const LOWEST_EXPONENT = -12;
/** A positive float's bits, shifted right by 22, minus this: its bin before clamping. */
export const LOWEST_HALF_OCTAVE = (127 + LOWEST_EXPONENT) * 2;
/** length HISTOGRAM_BINS + 1 */
export const HISTOGRAM_EDGES: readonly number[] = Array.from(
  { length: HISTOGRAM_BINS + 1 },
  (_, i) => 2 ** (LOWEST_EXPONENT + (i >> 1)) * (i % 2 === 0 ? 1 : 1.5),
);

/** Of a window around a peak: tokens before it and after it, by which equal examples are recognised. */
export const WINDOW_BEFORE = 8;
export const WINDOW_AFTER = 4;

export type UnitKind = "neuron" | "feature";

export interface ExampleReferences {
  /** Number of the text in the corpus, −1 where there is none. */
  readonly documents: Int32Array;
  /** In the document's tokens, BOS is 0. */
  readonly positions: Int32Array;
  readonly values: Float32Array;
}

export interface SourceIndex {
  /** Neuron site, or the dictionary's name. */
  readonly source: string;
  /** The model's hash for neurons, the dictionary's for features. */
  readonly sourceHash: string;
  readonly kind: UnitKind;
  readonly layer: number;
  readonly units: number;
  /** Counted tokens of the corpus (BOS left out), firing or not. */
  readonly tokens: number;
  /** [unit]: tokens on which it fires: > 0 for neurons, ≠ 0 for features. */
  readonly firing: Uint32Array;
  /** [unit]: over all tokens, so that mean = sum / tokens. */
  readonly sum: Float64Array;
  /** [unit]: over all tokens, those on which a feature is 0 included. */
  readonly maximum: Float32Array;
  readonly minimum: Float32Array;
  /** [unit × HISTOGRAM_BINS]: firing tokens by activation. */
  readonly histogram: Uint32Array;
  /** [unit × TOP]: by falling activation, at most one of a document, no two with the same window. All > 0. */
  readonly top: ExampleReferences;
  /** [unit × INTERVALS × PER_INTERVAL]: the lowest interval first; within one by falling activation. */
  readonly intervals: ExampleReferences;
  /** [unit × RANDOM]: among all firing tokens, in the order of the corpus. */
  readonly random: ExampleReferences;
  /** [unit × TOP_TOKENS]: by falling mean activation; −1 where fewer. */
  readonly topTokens: Int32Array;
  readonly topTokenMeans: Float32Array;
}

export interface UnitIndex {
  readonly corpus: {
    readonly name: string;
    readonly hash: string;
    readonly documents: number;
    /** Counted tokens. */
    readonly tokens: number;
  };
  readonly modelHash: string;
  /** By name. */
  readonly sources: ReadonlyMap<string, SourceIndex>;
}

/** The index without sources whose model or dictionary is another by now. `hashes`: current hash of each source. */
export function usableSources(index: UnitIndex, hashes: ReadonlyMap<string, string>): UnitIndex {
  const sources = new Map([...index.sources].filter(([name, { sourceHash }]) => hashes.get(name) === sourceHash));
  return { ...index, sources };
}

/** Which of the INTERVALS of [0, maximum] an activation falls into. */
export function intervalOf(value: number, maximum: number): number {
  if (!(value > 0 && maximum > 0)) return 0;
  return Math.min(INTERVALS - 1, Math.floor((value / maximum) * INTERVALS));
}

/**
 * Share of a unit's firing tokens in each interval of [0, maximum], estimated from its histogram: counts are taken as spread
 * evenly within a bin.
 */
export function intervalShares({ histogram, firing, maximum }: SourceIndex, unit: number): number[] {
  const shares = Array.from({ length: INTERVALS }, () => 0);
  const all = firing[unit] ?? 0;
  const largest = maximum[unit] ?? 0;
  for (let bin = 0; bin < HISTOGRAM_BINS; bin++) {
    const count = histogram[unit * HISTOGRAM_BINS + bin] ?? 0;
    if (count === 0) continue;
    const from = bin === 0 ? 0 : (HISTOGRAM_EDGES[bin] ?? 0);
    const end = bin === HISTOGRAM_BINS - 1 ? largest : Math.min(largest, HISTOGRAM_EDGES[bin + 1] ?? 0);
    for (let interval = 0; interval < INTERVALS; interval++) {
      const low = (largest * interval) / INTERVALS;
      const high = (largest * (interval + 1)) / INTERVALS;
      const overlap = Math.min(high, end) - Math.max(low, from);
      const part = end > from ? Math.max(0, overlap) / (end - from) : interval === intervalOf(end, largest) ? 1 : 0;
      shares[interval] = (shares[interval] ?? 0) + (count / all) * part;
    }
  }
  return shares;
}

const bits = new DataView(new ArrayBuffer(4));

/** The bin of one activation. */
export function histogramBin(value: number): number {
  if (!(value > 0)) return 0;
  bits.setFloat32(0, value);
  return Math.max(0, Math.min(HISTOGRAM_BINS - 1, (bits.getUint32(0) >>> 22) - LOWEST_HALF_OCTAVE));
}
