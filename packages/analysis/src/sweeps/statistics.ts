/** Means with 95 % intervals (Student's t). */

export interface Interval {
  readonly low: number;
  readonly high: number;
}

/** Two-sided 95 % quantiles of Student's t for 1 to 29 degrees of freedom. */
const QUANTILES = [
  12.706, 4.303, 3.182, 2.776, 2.571, 2.447, 2.365, 2.306, 2.262, 2.228, 2.201, 2.179, 2.16, 2.145, 2.131, 2.12, 2.11,
  2.101, 2.093, 2.086, 2.08, 2.074, 2.069, 2.064, 2.06, 2.056, 2.052, 2.048, 2.045,
];
const NORMAL = 1.959964;

/** From 30 on by the first terms of its expansion in 1/ν (Fisher & Cornish 1960): right to 4 digits. */
export function studentQuantile(degrees: number): number {
  const z = NORMAL;
  return (
    QUANTILES[degrees - 1] ??
    z + (z ** 3 + z) / (4 * degrees) + (5 * z ** 5 + 16 * z ** 3 + 3 * z) / (96 * degrees ** 2)
  );
}

export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Of the mean; undefined for fewer than two values. */
export function meanInterval(values: readonly number[]): Interval | undefined {
  if (values.length < 2) return undefined;
  const centre = mean(values);
  const variance = values.reduce((sum, value) => sum + (value - centre) ** 2, 0) / (values.length - 1);
  const half = studentQuantile(values.length - 1) * Math.sqrt(variance / values.length);
  return { low: centre - half, high: centre + half };
}
