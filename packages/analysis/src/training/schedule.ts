/** Learning rate over a run: rises, stays, falls to a twentieth. */

const FINAL_SHARE = 1 / 20;

export interface ScheduleShares {
  /** Share of all steps in which the rate rises. */
  readonly warmup: number;
  /** Share of all steps, at the end, in which it falls. */
  readonly decay: number;
}

/** `step` counts from 0. */
export function learningRateAt(step: number, steps: number, peak: number, { warmup, decay }: ScheduleShares): number {
  const rising = Math.min(1, (step + 1) / Math.max(1, steps * warmup));
  const falling = Math.min(1, (steps - step) / Math.max(1, steps * decay));
  return peak * rising * (FINAL_SHARE + (1 - FINAL_SHARE) * falling);
}
