/** How often features fire: a histogram of log10 of the share of tokens, over the features that fired at all. */

const BINS_PER_DECADE = 4;
const SMALLEST_EXPONENT = -6;

export function densityHistogram(firing: Uint32Array, tokens: number): { edges: number[]; counts: number[] } {
  const bins = -SMALLEST_EXPONENT * BINS_PER_DECADE;
  const edges = Array.from({ length: bins + 1 }, (_, i) => SMALLEST_EXPONENT + i / BINS_PER_DECADE);
  const counts = new Array<number>(bins).fill(0);
  for (const count of firing) {
    if (count === 0) continue;
    const place = Math.floor((Math.log10(count / tokens) - SMALLEST_EXPONENT) * BINS_PER_DECADE);
    const bin = Math.min(bins - 1, Math.max(0, place));
    counts[bin] = (counts[bin] ?? 0) + 1;
  }
  return { edges, counts };
}
