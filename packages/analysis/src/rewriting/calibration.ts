/**
 * From a simulator's scores (0 … 1) to activations. Quantile calibration: of n training tokens a score takes the ranks that it
 * has among the simulated ones, and becomes the mean of the true activations at the same ranks. A simulator that fires on the
 * right number of wrong tokens therefore writes full activations there: calibration mends the scale, not the label.
 * Uncalibrated, a score is a fraction of the feature's largest training activation. Score 0 is always activation 0.
 */

/** Sorted true activations of one feature on the training texts. */
export interface TrueActivations {
  /** Tokens, those where it is silent included. */
  readonly tokens: number;
  /** Activations ≠ 0, falling. */
  readonly values: Float64Array;
}

export type Calibration = (score: number) => number;

/** `counts`: on how many training tokens the simulator gave each score above 0. */
export function quantileCalibration(truth: TrueActivations, counts: ReadonlyMap<number, number>): Calibration {
  const { tokens, values } = truth;
  const positive = values.findIndex((value) => value < 0);
  const above = positive < 0 ? values.length : positive;
  const sums = new Float64Array(values.length + 1);
  for (const [i, value] of values.entries()) sums[i + 1] = (sums[i] ?? 0) + value;
  const silent = tokens - values.length;
  /** Sum of the `rank` largest activations, zeros standing between positive and negative ones. */
  const sumOfLargest = (rank: number) => sums[rank <= above ? rank : Math.max(above, rank - silent)] ?? 0;
  const meanBetween = (from: number, to: number) => (sumOfLargest(to) - sumOfLargest(from)) / (to - from);

  if (counts.size === 0) {
    // The simulator was silent on the training texts: an ordinary activation is the best guess where it speaks.
    const ordinary = above === 0 ? 0 : sumOfLargest(above) / above;
    return (score) => (score > 0 ? ordinary : 0);
  }
  const levels = [...counts].sort(([a], [b]) => b - a);
  const known = new Map<number, number>([[0, 0]]);
  const starts: { score: number; rank: number }[] = [];
  let rank = 0;
  for (const [score, count] of levels) {
    starts.push({ score, rank });
    known.set(score, meanBetween(rank, rank + count));
    rank += count;
  }
  return (score) => {
    const found = known.get(score);
    if (found !== undefined) return found;
    // A score not seen in training: the activation at the rank where it would stand.
    const start = Math.min(starts.find((each) => each.score < score)?.rank ?? rank, tokens - 1);
    const value = meanBetween(start, start + 1);
    known.set(score, value);
    return value;
  };
}

export function fractionOfMaximum({ values }: TrueActivations): Calibration {
  const maximum = Math.max(0, values[0] ?? 0);
  return (score) => score * maximum;
}
