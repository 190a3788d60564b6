/** Two positive quantities of the same things, both logarithmic over the same range, so that the diagonal means "equal". */
import { scaleLog } from "d3";

export interface ErrorScatterGeometry {
  readonly plot: { readonly left: number; readonly top: number; readonly size: number };
  readonly points: readonly { readonly x: number; readonly y: number; readonly index: number }[];
  readonly ticks: readonly { readonly value: number; readonly x: number; readonly y: number }[];
  /** Pairs that a logarithmic axis cannot show, because one of the two is 0 or no number. */
  readonly leftOut: number;
}

const MARGIN = { left: 44, right: 8, top: 8, bottom: 34 };

export function errorScatter(
  horizontal: readonly number[],
  vertical: readonly number[],
  side: number,
): ErrorScatterGeometry {
  const size = Math.max(1, side - Math.max(MARGIN.left + MARGIN.right, MARGIN.top + MARGIN.bottom));
  const pairs = horizontal
    .map((x, index) => ({ x, y: vertical[index] ?? Number.NaN, index }))
    .filter(({ x, y }) => x > 0 && y > 0 && Number.isFinite(x) && Number.isFinite(y));
  let low = Number.POSITIVE_INFINITY;
  let high = 0;
  for (const { x, y } of pairs) {
    low = Math.min(low, x, y);
    high = Math.max(high, x, y);
  }
  if (pairs.length === 0) [low, high] = [0.1, 1];
  const domain = [low * 0.85, high * 1.18];
  const across = scaleLog()
    .domain(domain)
    .range([MARGIN.left, MARGIN.left + size]);
  const up = scaleLog()
    .domain(domain)
    .range([MARGIN.top + size, MARGIN.top]);
  const values = decadesOf(low * 0.85, high * 1.18);
  return {
    plot: { left: MARGIN.left, top: MARGIN.top, size },
    points: pairs.map(({ x, y, index }) => ({ x: across(x), y: up(y), index })),
    ticks: values.map((value) => ({ value, x: across(value), y: up(value) })),
    leftOut: horizontal.length - pairs.length,
  };
}

function decadesOf(low: number, high: number): number[] {
  const decades = Math.log10(high / low);
  const mantissas = decades > 3 ? [1] : decades > 1.4 ? [1, 3] : [1, 2, 5];
  const values: number[] = [];
  for (let power = Math.floor(Math.log10(low)); power <= Math.log10(high); power++) {
    for (const mantissa of mantissas) {
      const value = Number((mantissa * 10 ** power).toPrecision(2));
      if (value >= low && value <= high) values.push(value);
    }
  }
  return values;
}
