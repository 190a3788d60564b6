/** Bootstrap over examples (Efron 1979, percentile interval). The same seed draws the same examples, so differences are paired. */
import { seededRandom } from "../training/random.ts";

export interface Interval {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

const DRAWS = 1000;
const COVERED = 0.95;

/** 0 of none. */
export function meanOf(values: readonly number[]): number {
  return values.length === 0 ? 0 : values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Mean of the values with its 95 % interval. */
export function meanInterval(values: readonly number[], seed: number): Interval {
  return { mean: meanOf(values), ...spread(values.length, seed, (draw) => meanOf(draw.map((i) => values[i] ?? 0))) };
}

export interface Baselines {
  /** One an example. */
  readonly full: readonly number[];
  readonly empty: readonly number[];
}

/**
 * (mean M − mean M(∅)) / (mean M(full) − mean M(∅)): a ratio of means, because single examples may have differences near zero.
 * null where full and empty do not differ.
 */
export function normalisedInterval(
  values: readonly number[],
  { full, empty }: Baselines,
  seed: number,
): { value: number; low: number; high: number } | null {
  const all = values.map((_, i) => i);
  const ratio = (draw: readonly number[]) => {
    const at = (of: readonly number[]) => meanOf(draw.map((i) => of[i] ?? 0));
    return normalise(at(values), at(full), at(empty));
  };
  const value = ratio(all);
  if (value === null) return null;
  // A draw in which the baselines meet says nothing; it counts as the ratio itself.
  return { value, ...spread(values.length, seed, (draw) => ratio(draw) ?? value) };
}

/** 0 as with nothing, 1 as the full model; null where these do not differ. */
export function normalise(value: number, full: number, empty: number): number | null {
  if (full === empty) return null;
  return value === empty ? 0 : (value - empty) / (full - empty);
}

/** Where the middle 95 % of the values lie. */
export function quantiles(values: readonly number[]): { low: number; high: number } {
  const sorted = [...values].sort((a, b) => a - b);
  const outside = Math.floor((sorted.length * (1 - COVERED)) / 2);
  return { low: sorted[outside] ?? 0, high: sorted[sorted.length - 1 - outside] ?? 0 };
}

function spread(count: number, seed: number, statistic: (draw: readonly number[]) => number) {
  if (count < 2) {
    const value = statistic(Array.from({ length: count }, () => 0));
    return { low: value, high: value };
  }
  const random = seededRandom(seed);
  return quantiles(
    Array.from({ length: DRAWS }, () => statistic(Array.from({ length: count }, () => random.integer(count)))),
  );
}
