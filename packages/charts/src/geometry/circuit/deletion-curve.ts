/** The answer while features are removed: the top ones against as many random ones, whose draws span a band. */
import { area, line, scaleLinear, scaleSymlog } from "d3";

export interface DeletionPoint {
  readonly removed: number;
  readonly value: number;
  readonly random: { readonly mean: number; readonly low: number; readonly high: number };
}

export interface DeletionGeometry {
  readonly plot: { readonly left: number; readonly top: number; readonly width: number; readonly height: number };
  readonly top: string;
  readonly mean: string;
  readonly band: string;
  readonly points: readonly { readonly x: number; readonly y: number; readonly randomY: number }[];
  readonly ticksX: readonly { readonly value: number; readonly at: number }[];
  readonly ticksY: readonly { readonly value: number; readonly at: number }[];
  /** Without any removal. */
  readonly beforeY: number;
}

const MARGIN = { left: 46, right: 12, top: 10, bottom: 34 };

/** @param before the value with nothing removed: where both curves begin. */
export function deletionCurve(
  points: readonly DeletionPoint[],
  before: number,
  space: { readonly width: number; readonly height: number },
): DeletionGeometry {
  const plot = {
    left: MARGIN.left,
    top: MARGIN.top,
    width: Math.max(1, space.width - MARGIN.left - MARGIN.right),
    height: Math.max(1, space.height - MARGIN.top - MARGIN.bottom),
  };
  const all = [{ removed: 0, value: before, random: { mean: before, low: before, high: before } }, ...points];
  const values = all.flatMap(({ value, random }) => [value, random.low, random.high, random.mean]);
  const low = Math.min(0, ...values);
  const high = Math.max(0, ...values);
  const across = scaleSymlog(
    [0, Math.max(1, ...all.map(({ removed }) => removed))],
    [plot.left, plot.left + plot.width],
  ).constant(1);
  const up = scaleLinear([low, high === low ? low + 1 : high], [plot.top + plot.height, plot.top]).nice(4);
  type Point = (typeof all)[number];
  const draw = (y: (point: Point) => number) =>
    line<Point>(
      (point) => across(point.removed),
      (point) => up(y(point)),
    )(all) ?? "";
  return {
    plot,
    top: draw(({ value }) => value),
    mean: draw(({ random }) => random.mean),
    band:
      area<Point>(
        (point) => across(point.removed),
        (point) => up(point.random.low),
        (point) => up(point.random.high),
      )(all) ?? "",
    points: points.map(({ removed, value, random }) => ({
      x: across(removed),
      y: up(value),
      randomY: up(random.mean),
    })),
    ticksX: all.map(({ removed }) => ({ value: removed, at: across(removed) })),
    ticksY: up.ticks(5).map((value) => ({ value, at: up(value) })),
    beforeY: up(before),
  };
}
