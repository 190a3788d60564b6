/** A histogram whose counting is done already: edges and counts, as an answer brings them. */
import { scaleLinear, scaleSqrt } from "d3";

export interface Bins {
  /** One more than counts, rising. */
  readonly edges: readonly number[];
  readonly counts: readonly number[];
}

export interface BinnedHistogramGeometry {
  readonly bars: readonly {
    readonly from: number;
    readonly to: number;
    readonly count: number;
    readonly x: number;
    readonly y: number;
    readonly width: number;
    readonly height: number;
  }[];
  readonly baseline: number;
  readonly ticks: readonly { readonly value: number; readonly position: number }[];
  readonly total: number;
  readonly highestCount: number;
  placeOf(value: number): number;
  valueAt(position: number): number;
}

const AXIS = 20;
const TOP = 4;

export function binnedHistogram(
  { edges, counts }: Bins,
  size: { readonly width: number; readonly height: number },
  options: {
    readonly domain?: readonly [number, number] | undefined;
    /** "root" keeps a few beside thousands visible. */
    readonly heights?: "linear" | "root";
  } = {},
): BinnedHistogramGeometry {
  const low = options.domain?.[0] ?? edges[0] ?? 0;
  const high = options.domain?.[1] ?? edges.at(-1) ?? 1;
  const horizontal = scaleLinear()
    .domain(low === high ? [low - 0.5, high + 0.5] : [low, high])
    .range([0, size.width]);
  const highestCount = counts.reduce((most, count) => Math.max(most, count), 0);
  const baseline = size.height - AXIS;
  const vertical = (options.heights === "root" ? scaleSqrt() : scaleLinear())
    .domain([0, Math.max(1, highestCount)])
    .range([baseline, TOP]);
  return {
    bars: counts.map((count, i) => {
      const from = edges[i] ?? low;
      const to = edges[i + 1] ?? from;
      const x = horizontal(from);
      return {
        from,
        to,
        count,
        x,
        y: vertical(count),
        width: Math.max(0.5, horizontal(to) - x - 1),
        height: baseline - vertical(count),
      };
    }),
    baseline,
    ticks: horizontal
      .ticks(Math.max(2, Math.floor(size.width / 60)))
      .map((value) => ({ value, position: horizontal(value) })),
    total: counts.reduce((sum, count) => sum + count, 0),
    highestCount,
    placeOf: (value) => horizontal(value),
    valueAt: (position) => horizontal.invert(Math.min(size.width, Math.max(0, position))),
  };
}
