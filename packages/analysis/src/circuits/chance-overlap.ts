/** How much two random sets share: the hypergeometric distribution, exactly. */

/** One kind of part: how many there are, and how many of them each side has. */
export interface Sizes {
  readonly total: number;
  readonly left: number;
  readonly right: number;
}

/**
 * P(s shared parts), s = 0, 1, …, when each side draws its numbers of every kind without replacement, kind by kind and
 * independently of the other side.
 */
export function sharedDistribution(kinds: readonly Sizes[]): Float64Array {
  return kinds.map(hypergeometric).reduce(convolve, Float64Array.of(1));
}

export interface ChanceOverlap {
  readonly shared: number;
  readonly jaccard: number;
  /** P(at least as many as observed). */
  readonly atLeast: number;
}

/** What random sets of these sizes share, beside the number that was observed. */
export function chanceOverlap(kinds: readonly Sizes[], observed: number): ChanceOverlap {
  const distribution = sharedDistribution(kinds);
  const both = kinds.reduce((sum, { left, right }) => sum + left + right, 0);
  let [shared, jaccard, atLeast] = [0, 0, 0];
  distribution.forEach((probability, count) => {
    shared += count * probability;
    jaccard += both === 0 ? 0 : (count / (both - count)) * probability;
    if (count >= observed) atLeast += probability;
  });
  return { shared, jaccard, atLeast: Math.min(1, atLeast) };
}

/** P(s) = C(left, s)·C(total − left, right − s) / C(total, right), by the ratio of neighbours from the mode outwards. */
function hypergeometric({ total, left, right }: Sizes): Float64Array {
  const least = Math.max(0, left + right - total);
  const most = Math.min(left, right);
  const weights = new Float64Array(most + 1);
  const mode = Math.min(most, Math.max(least, Math.floor(((left + 1) * (right + 1)) / (total + 2))));
  weights[mode] = 1;
  const up = (s: number) => ((left - s) * (right - s)) / ((s + 1) * (total - left - right + s + 1));
  for (let s = mode; s < most; s++) weights[s + 1] = (weights[s] ?? 0) * up(s);
  for (let s = mode; s > least; s--) weights[s - 1] = (weights[s] ?? 0) / up(s - 1);
  const sum = weights.reduce((all, weight) => all + weight, 0);
  return weights.map((weight) => weight / sum);
}

function convolve(a: Float64Array, b: Float64Array): Float64Array {
  const result = new Float64Array(a.length + b.length - 1);
  a.forEach((p, i) => {
    b.forEach((q, j) => {
      result[i + j] = (result[i + j] ?? 0) + p * q;
    });
  });
  return result;
}
