/** Values of a metric as shares of the model's effect. */

export interface Spread {
  readonly mean: number;
  readonly low: number;
  readonly high: number;
}

/** (M − M(∅)) / (M(full) − M(∅)), ends in order; undefined where there is no value or no effect. */
export function normalised(value: Spread | null | undefined, full: number, empty: number): Spread | undefined {
  const effect = full - empty;
  if (value === null || value === undefined || effect === 0) return undefined;
  const [mean, a, b] = [value.mean, value.low, value.high].map((each) => (each - empty) / effect);
  if (mean === undefined || a === undefined || b === undefined) return undefined;
  return { mean, low: Math.min(a, b), high: Math.max(a, b) };
}
