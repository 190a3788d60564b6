/** Several curves over one horizontal axis, vertical linear or logarithmic, each named at its right end. */
import { line, scaleLinear, scaleLog } from "d3";

export interface LineSeries {
  readonly name: string;
  /** In rising order of x. What is not finite, or not positive on a logarithmic axis, is left out of the curve. */
  readonly points: readonly { readonly x: number; readonly y: number }[];
}

export interface LineSeriesSpace {
  readonly width: number;
  readonly height: number;
  readonly scale?: "linear" | "log";
  /** Default: from the smallest to the largest x; the curves then fill the width. */
  readonly domainX?: readonly [number, number] | undefined;
  /** Default: a linear axis from 0 (or the smallest value below it); a logarithmic one by whole decades of the values. */
  readonly domainY?: readonly [number, number] | undefined;
  /** Pixels at the right for the names. */
  readonly nameWidth?: number;
}

export interface LineTick {
  readonly value: number;
  readonly position: number;
  readonly label: string;
}

export interface LineSeriesCurve {
  readonly name: string;
  readonly path: string;
  readonly points: readonly { readonly x: number; readonly y: number; readonly at: number; readonly value: number }[];
  /** Where the curve ends; undefined where nothing of it can be drawn. */
  readonly end: { readonly x: number; readonly y: number } | undefined;
  /** Vertical place of its name: that of the end, moved where names would touch. */
  readonly nameY: number;
}

export interface LineSeriesGeometry {
  readonly plot: { readonly left: number; readonly top: number; readonly width: number; readonly height: number };
  readonly curves: readonly LineSeriesCurve[];
  readonly ticksX: readonly LineTick[];
  readonly ticksY: readonly LineTick[];
  placeX(value: number): number;
  placeY(value: number): number;
  /** The x value (of the data) at a horizontal place, kept inside the plot. */
  valueAt(position: number): number;
}

const MARGIN = { left: 44, right: 10, top: 8, bottom: 20 };
const NAME_HEIGHT = 12;

export function lineSeries(series: readonly LineSeries[], space: LineSeriesSpace): LineSeriesGeometry {
  const { scale = "linear", nameWidth = 0 } = space;
  const plot = {
    left: MARGIN.left,
    top: MARGIN.top,
    width: Math.max(1, space.width - MARGIN.left - MARGIN.right - nameWidth),
    height: Math.max(1, space.height - MARGIN.top - MARGIN.bottom),
  };
  const drawable = (y: number) => Number.isFinite(y) && (scale === "linear" || y > 0);
  const kept = series.map(({ name, points }) => ({ name, points: points.filter(({ y }) => drawable(y)) }));
  const all = kept.flatMap(({ points }) => points);
  const horizontal = scaleLinear()
    .domain(space.domainX ?? extent(all.map(({ x }) => x)))
    .range([plot.left, plot.left + plot.width]);
  const vertical = verticalScale(
    all.map(({ y }) => y),
    scale,
    space.domainY,
  )
    .range([plot.top + plot.height, plot.top])
    .clamp(true);
  const draw = line<{ x: number; y: number }>(
    (p) => p.x,
    (p) => p.y,
  );
  const curves = kept.map(({ name, points }) => {
    const placed = points.map(({ x, y }) => ({ x: horizontal(x), y: vertical(y), at: x, value: y }));
    const end = placed.at(-1);
    return { name, path: draw(placed) ?? "", points: placed, end, nameY: end?.y ?? plot.top };
  });
  return {
    plot,
    curves: spreadNames(curves, plot.top + plot.height),
    ticksX: horizontal.ticks(Math.max(2, Math.floor(plot.width / 70))).map((value) => ({
      value,
      position: horizontal(value),
      label: shortCount(value),
    })),
    ticksY: verticalTicks(vertical, scale),
    placeX: (value) => horizontal(value),
    placeY: (value) => vertical(value),
    valueAt: (position) => horizontal.invert(Math.min(plot.left + plot.width, Math.max(plot.left, position))),
  };
}

/** The point of a curve whose x is nearest. */
export function nearestPoint(curve: LineSeriesCurve, at: number): LineSeriesCurve["points"][number] | undefined {
  let best: LineSeriesCurve["points"][number] | undefined;
  for (const point of curve.points)
    if (best === undefined || Math.abs(point.at - at) < Math.abs(best.at - at)) best = point;
  return best;
}

function verticalScale(
  values: readonly number[],
  scale: "linear" | "log",
  domain: readonly [number, number] | undefined,
) {
  if (scale === "log") {
    const [low, high] = domain ?? extent(values.length === 0 ? [0.1, 1] : values);
    // Within one decade whole decades would flatten the curves: the ends are then the values' own.
    const narrow = high / low < 10;
    return scaleLog().domain(narrow ? [low * 0.94, high * 1.06] : [low * 0.9, high * 1.1]);
  }
  if (domain !== undefined) return scaleLinear().domain(domain);
  // All zeros lie on the bottom of an axis to 1, not in the middle of one about 0.
  const [low, high] = extent(values.some((value) => value !== 0) ? [0, ...values] : [0, 1]);
  return scaleLinear().domain([low, high]).nice(4);
}

function verticalTicks(
  vertical: ReturnType<typeof scaleLinear<number>> | ReturnType<typeof scaleLog<number>>,
  scale: "linear" | "log",
): LineTick[] {
  const [low = 0, high = 1] = vertical.domain();
  const tick = (value: number) => ({ value, position: vertical(value), label: shortCount(value) });
  if (scale === "linear") return vertical.ticks(4).map(tick);
  const decades = Math.log10(high / low);
  const mantissas = decades > 2.5 ? [1] : decades > 1.2 ? [1, 2, 5] : decades > 0.5 ? [1, 1.5, 2, 3, 5, 7] : undefined;
  if (mantissas === undefined) return scaleLinear().domain([low, high]).ticks(4).map(tick);
  const ticks: LineTick[] = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) {
    for (const mantissa of mantissas) {
      const value = Number((mantissa * 10 ** power).toPrecision(3));
      if (value >= low && value <= high) ticks.push(tick(value));
    }
  }
  return ticks;
}

/** Names keep their order and never touch: pushed down from the top, then back up from the bottom. */
function spreadNames(curves: readonly LineSeriesCurve[], bottom: number): LineSeriesCurve[] {
  const order = curves.filter(({ end }) => end !== undefined).sort((a, b) => a.nameY - b.nameY);
  const places: number[] = [];
  for (const curve of order) {
    places.push(Math.max(curve.nameY, (places.at(-1) ?? Number.NEGATIVE_INFINITY) + NAME_HEIGHT));
  }
  let ceiling = bottom;
  for (let i = places.length - 1; i >= 0; i--) {
    places[i] = Math.min(places[i] ?? 0, ceiling);
    ceiling = (places[i] ?? 0) - NAME_HEIGHT;
  }
  const nameY = new Map(order.map((curve, i) => [curve, places[i] ?? curve.nameY]));
  return curves.map((curve) => ({ ...curve, nameY: nameY.get(curve) ?? curve.nameY }));
}

function extent(values: readonly number[]): [number, number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (const value of values) {
    if (value < low) low = value;
    if (value > high) high = value;
  }
  if (low > high) return [0, 1];
  return low === high ? [low - Math.abs(low || 1) / 2, high + Math.abs(high || 1) / 2] : [low, high];
}

/** 1,500,000 as 1.5M: axes of token counts must stay short. */
function shortCount(value: number): string {
  const size = Math.abs(value);
  const [divisor, unit] = size >= 1e9 ? [1e9, "G"] : size >= 1e6 ? [1e6, "M"] : size >= 1e4 ? [1e3, "k"] : [1, ""];
  const number = Number((value / divisor).toPrecision(4));
  return `${size > 0 && size < 1e-4 ? value.toExponential(0) : number}${unit}`.replaceAll("-", "−");
}
