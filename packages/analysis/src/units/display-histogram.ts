/** A unit's histogram as drawn: only the bins between its smallest and largest activation, joined where they are too many. */

import { shortFloat } from "../run/tensor-json.ts";
import { HISTOGRAM_BINS, HISTOGRAM_EDGES, type SourceIndex } from "../unit-index/source-index.ts";

/** More than this are joined in pairs (two bins an octave become one), then again. */
const MOST_BINS = 32;

/**
 * Edges grow by constant factors but for the ends: the first bin may reach down to 0 or to the smallest negative activation,
 * the last one up to the largest.
 */
export function displayHistogram(
  { histogram, minimum, maximum }: SourceIndex,
  unit: number,
): { edges: number[]; counts: number[] } {
  const bins = histogram.subarray(unit * HISTOGRAM_BINS, (unit + 1) * HISTOGRAM_BINS);
  const first = bins.findIndex((count) => count > 0);
  if (first < 0) return { edges: [], counts: [] };
  const end = bins.findLastIndex((count) => count > 0) + 1;
  let step = 1;
  while (Math.ceil(end / step) - Math.floor(first / step) > MOST_BINS) step *= 2;
  // Joined bins begin at multiples of the step: at whole octaves, whatever the unit.
  const start = Math.floor(first / step) * step;
  const counts: number[] = [];
  const edges: number[] = [edgeAt(start)];
  for (let bin = start; bin < end; bin += step) {
    counts.push(bins.subarray(bin, bin + step).reduce((sum, count) => sum + count, 0));
    edges.push(edgeAt(Math.min(HISTOGRAM_BINS, bin + step)));
  }
  // The outermost bins also hold what lies beyond them.
  if (first === 0) edges[0] = shortFloat(Math.min(0, minimum[unit] ?? 0));
  if (end === HISTOGRAM_BINS)
    edges[edges.length - 1] = shortFloat(Math.max(edgeAt(HISTOGRAM_BINS), maximum[unit] ?? 0));
  return { edges, counts };
}

function edgeAt(bin: number): number {
  return HISTOGRAM_EDGES[bin] ?? 0;
}

/** Share of a unit's firing tokens with at least this activation, counts taken as spread evenly within a bin. */
export function shareAbove({ histogram, firing, maximum }: SourceIndex, unit: number, from: number): number {
  const all = firing[unit] ?? 0;
  if (all === 0) return 0;
  let above = 0;
  for (let bin = 0; bin < HISTOGRAM_BINS; bin++) {
    const count = histogram[unit * HISTOGRAM_BINS + bin] ?? 0;
    const low = bin === 0 ? 0 : edgeAt(bin);
    const high = bin === HISTOGRAM_BINS - 1 ? (maximum[unit] ?? 0) : Math.min(edgeAt(bin + 1), maximum[unit] ?? 0);
    if (from <= low) above += count;
    else if (from < high) above += (count * (high - from)) / (high - low);
  }
  return above / all;
}
