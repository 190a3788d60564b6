/** Distributions in float64 from float32 logits: what the graphs' numbers are checked against. */

export interface Distribution {
  readonly logSumExp: number;
  readonly probabilities: Float64Array;
  /** Nats. */
  readonly entropy: number;
}

export function distributionOf(logits: ArrayLike<number>): Distribution {
  let highest = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < logits.length; i++) highest = Math.max(highest, logits[i] ?? Number.NaN);
  let sum = 0;
  for (let i = 0; i < logits.length; i++) sum += Math.exp((logits[i] ?? Number.NaN) - highest);
  const logSumExp = highest + Math.log(sum);
  const probabilities = Float64Array.from(logits, (logit) => Math.exp(logit - logSumExp));
  let entropy = 0;
  probabilities.forEach((p, i) => {
    if (p > 0) entropy -= p * ((logits[i] ?? Number.NaN) - logSumExp);
  });
  return { logSumExp, probabilities, entropy };
}

/** KL(p ‖ q) of two rows of logits, in nats. */
export function klDivergence(p: ArrayLike<number>, q: ArrayLike<number>): number {
  const [from, to] = [distributionOf(p), distributionOf(q)];
  let sum = 0;
  from.probabilities.forEach((probability, i) => {
    const logRatio = (p[i] ?? Number.NaN) - from.logSumExp - ((q[i] ?? Number.NaN) - to.logSumExp);
    sum += probability * logRatio;
  });
  return sum;
}

/** Number of entries strictly greater. */
export function rankOf(logits: ArrayLike<number>, id: number): number {
  let rank = 0;
  const own = logits[id] ?? Number.NaN;
  for (let i = 0; i < logits.length; i++) if ((logits[i] ?? Number.NaN) > own) rank += 1;
  return rank;
}

export interface Ranked {
  readonly id: number;
  readonly score: number;
}

/** The `count` largest, falling; of equal ones the smaller id first. */
export function largest(scores: ArrayLike<number>, count: number): Ranked[] {
  return Array.from(scores, (score, id) => ({ id, score }))
    .sort((a, b) => b.score - a.score || a.id - b.id)
    .slice(0, count);
}

/** y = x · W for W [input, output] stored as a list of input rows, or of output rows. */
export function dotProduct(a: ArrayLike<number>, b: ArrayLike<number>): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? Number.NaN) * (b[i] ?? Number.NaN);
  return sum;
}

export function assertNear(actual: number | null | undefined, expected: number, tolerance: number, what: string): void {
  const distance = Math.abs((actual ?? Number.NaN) - expected);
  if (!(distance <= tolerance)) throw new Error(`${what}: ${actual} is not ${expected} (off by ${distance})`);
}
