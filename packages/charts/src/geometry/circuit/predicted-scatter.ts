/** Predicted against measured change: both axes over the same range about zero, so that the diagonal means "as predicted". */
import { scaleLinear } from "d3";

export interface PredictedPoint {
  readonly predicted: number;
  readonly measured: number;
}

export interface PredictedScatterGeometry {
  readonly plot: { readonly left: number; readonly top: number; readonly size: number };
  /** One a point, in order; undefined for what is no number. */
  readonly points: readonly ({ readonly x: number; readonly y: number } | undefined)[];
  readonly ticks: readonly { readonly value: number; readonly x: number; readonly y: number }[];
  readonly zero: { readonly x: number; readonly y: number };
}

const MARGIN = { left: 46, right: 10, top: 8, bottom: 36 };

export function predictedScatter(points: readonly PredictedPoint[], side: number): PredictedScatterGeometry {
  const size = Math.max(1, side - Math.max(MARGIN.left + MARGIN.right, MARGIN.top + MARGIN.bottom));
  let [low, high] = [0, 0];
  for (const { predicted, measured } of points) {
    for (const value of [predicted, measured]) {
      if (!Number.isFinite(value)) continue;
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  }
  if (low === high) [low, high] = [-1, 1];
  const room = (high - low) * 0.06;
  const domain = [low - room, high + room];
  const across = scaleLinear(domain, [MARGIN.left, MARGIN.left + size]);
  const up = scaleLinear(domain, [MARGIN.top + size, MARGIN.top]);
  return {
    plot: { left: MARGIN.left, top: MARGIN.top, size },
    points: points.map(({ predicted, measured }) =>
      Number.isFinite(predicted) && Number.isFinite(measured) ? { x: across(predicted), y: up(measured) } : undefined,
    ),
    ticks: across.ticks(5).map((value) => ({ value, x: across(value), y: up(value) })),
    zero: { x: across(0), y: up(0) },
  };
}
