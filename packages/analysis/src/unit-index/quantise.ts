/**
 * Activations as 16-bit codes: a sign bit, and the number of steps of a hundredth below the largest activation of that sign,
 * value = ±scale·1.01^−steps. The relative error is at most √1.01 − 1 = 0.499 %; the largest activation itself is exact.
 */
const STEP = Math.log(1.01);
const LARGEST_STEPS = 0x7fff;

/** Of a unit: its maximum and minimum over the corpus. */
export interface Extremes {
  readonly maximum: number;
  readonly minimum: number;
}

/** Of a value between the extremes; steps·2 + (1 where negative). 0 gives the code of the smallest value. */
export function quantise(value: number, { maximum, minimum }: Extremes): number {
  const ratio = value < 0 ? value / minimum : value / maximum;
  const steps = Math.max(0, Math.min(LARGEST_STEPS, Math.round(-Math.log(ratio) / STEP)));
  return steps * 2 + (value < 0 ? 1 : 0);
}

export function restore(code: number, { maximum, minimum }: Extremes): number {
  return Math.fround(((code & 1) === 1 ? minimum : maximum) * Math.exp(-STEP * (code >> 1)));
}
