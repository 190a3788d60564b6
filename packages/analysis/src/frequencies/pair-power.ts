/** From Fourier coefficients to shares of variance. Glue over some hundred thousand numbers. */
import type { PairPower } from "@patchbay/contract";
import type { Tensor } from "@patchbay/vocabulary";
import { PAIR_FUNCTIONS } from "./fourier-basis.ts";

/** Squared coefficients of one unit at one frequency, by direction. */
export function powerOf(coefficients: Tensor, frequency: number, unit: number): PairPower {
  const units = coefficients.shape[1] ?? 0;
  const at = (index: number) => coefficients.data[((frequency - 1) * PAIR_FUNCTIONS + index) * units + unit] ?? 0;
  const [cosineA, sineA, cosineB, sineB] = [at(0), at(1), at(2), at(3)];
  const [cc, cs, sc, ss] = [at(4), at(5), at(6), at(7)];
  const a = cosineA ** 2 + sineA ** 2;
  const b = cosineB ** 2 + sineB ** 2;
  // cos(x + y) = cos x cos y − sin x sin y, sin(x + y) = sin x cos y + cos x sin y; each with two products of unit length.
  const sum = ((cc - ss) ** 2 + (sc + cs) ** 2) / 2;
  const difference = ((cc + ss) ** 2 + (sc - cs) ** 2) / 2;
  return { total: a + b + sum + difference, a, b, sum, difference };
}

export const NO_POWER: PairPower = { total: 0, a: 0, b: 0, sum: 0, difference: 0 };

export function addPower(one: PairPower, other: PairPower): PairPower {
  return {
    total: one.total + other.total,
    a: one.a + other.a,
    b: one.b + other.b,
    sum: one.sum + other.sum,
    difference: one.difference + other.difference,
  };
}

/** Each part over the whole; all 0 where there is nothing to divide. */
export function shareOf(power: PairPower, whole: number): PairPower {
  const by = whole > 0 ? 1 / whole : 0;
  return {
    total: power.total * by,
    a: power.a * by,
    b: power.b * by,
    sum: power.sum * by,
    difference: power.difference * by,
  };
}

/** Σ over pairs of (value − mean)², for each unit of values [pair, unit]. */
export function sumOfSquares({ shape, data }: Tensor): Float64Array {
  const [pairs = 0, units = 0] = shape;
  const means = new Float64Array(units);
  for (let pair = 0; pair < pairs; pair++) {
    for (let unit = 0; unit < units; unit++)
      means[unit] = (means[unit] ?? 0) + (data[pair * units + unit] ?? 0) / pairs;
  }
  const sums = new Float64Array(units);
  for (let pair = 0; pair < pairs; pair++) {
    for (let unit = 0; unit < units; unit++) {
      sums[unit] = (sums[unit] ?? 0) + ((data[pair * units + unit] ?? 0) - (means[unit] ?? 0)) ** 2;
    }
  }
  return sums;
}

/**
 * The fewest frequencies that together hold `share` of the power of all, strongest first.
 * @param power by frequency, from 1
 */
export function fewestHolding(power: readonly number[], share: number): number[] {
  const whole = power.reduce((sum, each) => sum + each, 0);
  const order = power
    .map((each, i) => ({ frequency: i + 1, each }))
    .sort((x, y) => y.each - x.each || x.frequency - y.frequency);
  const found: number[] = [];
  let held = 0;
  for (const { frequency, each } of order) {
    if (held >= share * whole || each === 0) break;
    held += each;
    found.push(frequency);
  }
  return found;
}
