/** Sampling from a next-token distribution: greedy, temperature, top-k, top-p (Holtzman et al. 2020), seeded. */

export interface SamplingRule {
  /** 0 is greedy. */
  readonly temperature: number;
  readonly topP: number;
  readonly topK: number;
}

/** Uniform numbers in [0, 1) from a seed: mulberry32 by Tommy Ettinger (public domain). */
export function seededUniform(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

/** Candidates in order of falling logit, as TopK gives them. */
export interface Candidates {
  readonly tokens: ArrayLike<number>;
  readonly logits: ArrayLike<number>;
  /** log Σ exp(logit / temperature) over the whole vocabulary. */
  readonly logSumExp: number;
}

/**
 * The sampled token, or undefined where the candidates do not reach the nucleus and more are needed.
 * `uniform` is one number in [0, 1).
 */
export function sample(
  candidates: Candidates,
  { temperature, topP, topK }: SamplingRule,
  complete: boolean,
  uniform: number,
): number | undefined {
  if (temperature === 0) return candidates.tokens[0];
  const count = Math.min(topK, candidates.tokens.length);
  const weights: number[] = [];
  let mass = 0;
  for (let i = 0; i < count; i++) {
    const weight = Math.exp((candidates.logits[i] ?? 0) / temperature - candidates.logSumExp);
    weights.push(weight);
    mass += weight;
    // The nucleus includes the token that crosses the threshold.
    if (mass >= topP) break;
  }
  const closed = mass >= topP || count === topK || complete;
  if (!closed) return undefined;
  let rest = uniform * mass;
  for (const [i, weight] of weights.entries()) {
    rest -= weight;
    if (rest < 0) return candidates.tokens[i];
  }
  return candidates.tokens[weights.length - 1];
}
