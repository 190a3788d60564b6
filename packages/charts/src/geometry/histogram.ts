/** Counts of a quantity in equal steps. */
import { scaleLinear } from "d3";

export interface HistogramBar {
  readonly from: number;
  readonly to: number;
  readonly count: number;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  readonly height: number;
}

export interface HistogramGeometry {
  readonly bars: readonly HistogramBar[];
  readonly baseline: number;
  readonly ticks: readonly { readonly position: number; readonly label: string }[];
  readonly highestCount: number;
  positionOf(value: number): number;
}

const AXIS = 18;

export function histogram(
  values: readonly number[],
  size: { readonly width: number; readonly height: number },
  steps = 32,
): HistogramGeometry {
  const finite = values.filter(Number.isFinite);
  const low = finite.length === 0 ? 0 : finite.reduce((a, b) => Math.min(a, b));
  const high = finite.length === 0 ? 1 : finite.reduce((a, b) => Math.max(a, b));
  const span = high - low || 1;
  const counts = new Array<number>(steps).fill(0);
  for (const value of finite) {
    const step = Math.min(steps - 1, Math.floor(((value - low) / span) * steps));
    counts[step] = (counts[step] ?? 0) + 1;
  }
  const highestCount = Math.max(...counts);
  const horizontal = scaleLinear([low, low + span], [0, size.width]);
  const baseline = size.height - AXIS;
  const vertical = scaleLinear([0, Math.max(1, highestCount)], [baseline, 2]);

  return {
    bars: counts.map((count, i) => {
      const from = low + (i * span) / steps;
      const to = low + ((i + 1) * span) / steps;
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
      .ticks(5)
      .map((v) => ({ position: horizontal(v), label: String(Number(v.toPrecision(4))).replace("-", "−") })),
    highestCount,
    positionOf: (value) => horizontal(value),
  };
}
