/**
 * A strip plot of every neuron: one lane for each layer, depth upwards; a measure to the right. Inside its lane a point
 * stands at a height that depends only on its index, so that the picture is the same every time.
 *
 * Points go into a grid of square buckets; finding the one under the pointer costs a few buckets at 500,000 points.
 */
import { scaleLinear, scaleLog } from "d3";

export interface ScatterSize {
  readonly width: number;
  readonly height: number;
}

export interface ScatterInput {
  readonly size: ScatterSize;
  readonly layers: number;
  /** One entry a neuron. */
  readonly layer: ArrayLike<number>;
  readonly value: ArrayLike<number>;
  readonly scale: "linear" | "log";
}

export interface ScatterTick {
  readonly position: number;
  readonly label: string;
}

export interface ScatterGeometry {
  readonly plot: { readonly left: number; readonly top: number; readonly width: number; readonly height: number };
  /** Pixels, one entry a neuron. */
  readonly x: Float32Array;
  readonly y: Float32Array;
  readonly radius: number;
  readonly lanes: readonly {
    readonly layer: number;
    readonly top: number;
    readonly height: number;
    readonly middle: number;
  }[];
  readonly ticks: readonly ScatterTick[];
  readonly domain: readonly [number, number];
  positionOf(value: number): number;
  valueAt(x: number): number;
  /** Index of the nearest point within `reach` pixels. */
  nearest(x: number, y: number, reach: number): number | undefined;
}

const MARGIN = { left: 34, right: 14, top: 6, bottom: 38 };
const BUCKET = 12;

export function neuronScatter({ size, layers, layer, value, scale }: ScatterInput): ScatterGeometry {
  const plot = {
    left: MARGIN.left,
    top: MARGIN.top,
    width: Math.max(1, size.width - MARGIN.left - MARGIN.right),
    height: Math.max(1, size.height - MARGIN.top - MARGIN.bottom),
  };
  const domain = measureDomain(value, scale);
  const horizontal = (scale === "log" ? scaleLog() : scaleLinear())
    .domain(domain)
    .range([plot.left, plot.left + plot.width])
    .clamp(true);
  const laneHeight = plot.height / Math.max(1, layers);
  const laneTop = (index: number) => plot.top + (layers - 1 - index) * laneHeight;
  const gap = Math.min(4, laneHeight * 0.12);

  const count = value.length;
  const x = new Float32Array(count);
  const y = new Float32Array(count);
  for (let i = 0; i < count; i++) {
    x[i] = horizontal(Math.max(value[i] ?? 0, domain[0]));
    y[i] = laneTop(layer[i] ?? 0) + gap + jitter(i) * (laneHeight - 2 * gap);
  }
  const buckets = fillBuckets(x, y, size);

  return {
    plot,
    x,
    y,
    radius: count > 100_000 ? 0.9 : count > 20_000 ? 1.3 : 1.9,
    lanes: Array.from({ length: layers }, (_, index) => ({
      layer: index,
      top: laneTop(index),
      height: laneHeight,
      middle: laneTop(index) + laneHeight / 2,
    })),
    ticks: ticksOf(horizontal, scale),
    domain,
    positionOf: (given) => horizontal(Math.max(given, domain[0])),
    valueAt: (pixel) => horizontal.invert(pixel),
    nearest: (px, py, reach) => nearestIn(buckets, x, y, px, py, reach),
  };
}

/** A little room at both ends. */
function measureDomain(value: ArrayLike<number>, scale: "linear" | "log"): readonly [number, number] {
  let low = Number.POSITIVE_INFINITY;
  let high = Number.NEGATIVE_INFINITY;
  for (let i = 0; i < value.length; i++) {
    const v = value[i] ?? 0;
    if (!Number.isFinite(v) || (scale === "log" && v <= 0)) continue;
    if (v < low) low = v;
    if (v > high) high = v;
  }
  if (low > high) return scale === "log" ? [1e-4, 1] : [0, 1];
  if (scale === "log") return [low * 0.8, Math.max(high * 1.25, low * 2)];
  if (low === high) return [low - 1, high + 1];
  const padding = (high - low) * 0.02;
  return [low - padding, high + padding];
}

function ticksOf(
  scale: ReturnType<typeof scaleLinear<number>> | ReturnType<typeof scaleLog<number>>,
  kind: string,
): ScatterTick[] {
  if (kind === "linear")
    return scale.ticks(6).map((v) => ({ position: scale(v), label: String(Number(v.toPrecision(4))) }));
  const [low = 1, high = 1] = scale.domain();
  return logarithmicTicks(low, high).map((v) => ({ position: scale(v), label: logarithmicLabel(v) }));
}

/** Decades; with twos and fives where decades are few; evenly spaced where even those are. */
function logarithmicTicks(low: number, high: number): number[] {
  const first = Math.floor(Math.log10(low));
  const powers = Array.from({ length: Math.ceil(Math.log10(high)) - first + 1 }, (_, i) => first + i);
  for (const leading of [[1], [1, 2, 5]]) {
    const ticks = powers.flatMap((power) => leading.map((digit) => Number(`${digit}e${power}`)));
    const shown = ticks.filter((tick) => tick >= low && tick <= high);
    if (shown.length >= 3) return shown;
  }
  return scaleLinear([low, high], [0, 1]).ticks(5);
}

function logarithmicLabel(value: number): string {
  if (value >= 0.001) return String(Number(value.toPrecision(3)));
  const exponent = Math.floor(Math.log10(value) + 1e-9);
  const leading = Number((value / 10 ** exponent).toPrecision(3));
  return `${leading === 1 ? "" : `${leading}·`}10${superscript(exponent)}`;
}

function superscript(exponent: number): string {
  return [...String(exponent)].map((c) => (c === "-" ? "⁻" : "⁰¹²³⁴⁵⁶⁷⁸⁹".charAt(Number(c)))).join("");
}

/** A low-discrepancy sequence (golden ratio): even cover, no random seed. */
function jitter(index: number): number {
  return (index * 0.618_033_988_749_895) % 1;
}

interface Buckets {
  readonly columns: number;
  readonly rows: number;
  /** Start of each bucket in `members`, one more entry than buckets. */
  readonly start: Uint32Array;
  readonly members: Uint32Array;
}

function fillBuckets(x: Float32Array, y: Float32Array, size: ScatterSize): Buckets {
  const columns = Math.max(1, Math.ceil(size.width / BUCKET));
  const rows = Math.max(1, Math.ceil(size.height / BUCKET));
  const bucketOf = (i: number) =>
    Math.min(rows - 1, Math.floor((y[i] ?? 0) / BUCKET)) * columns +
    Math.min(columns - 1, Math.floor((x[i] ?? 0) / BUCKET));
  const start = new Uint32Array(columns * rows + 1);
  for (let i = 0; i < x.length; i++) start[bucketOf(i) + 1] = (start[bucketOf(i) + 1] ?? 0) + 1;
  for (let b = 1; b < start.length; b++) start[b] = (start[b] ?? 0) + (start[b - 1] ?? 0);
  const next = start.slice();
  const members = new Uint32Array(x.length);
  for (let i = 0; i < x.length; i++) {
    const bucket = bucketOf(i);
    const place = next[bucket] ?? 0;
    members[place] = i;
    next[bucket] = place + 1;
  }
  return { columns, rows, start, members };
}

function nearestIn(
  { columns, rows, start, members }: Buckets,
  x: Float32Array,
  y: Float32Array,
  px: number,
  py: number,
  reach: number,
): number | undefined {
  let best: number | undefined;
  let bestDistance = reach * reach;
  const low = (pixel: number) => Math.max(0, Math.floor((pixel - reach) / BUCKET));
  const high = (pixel: number, limit: number) => Math.min(limit - 1, Math.floor((pixel + reach) / BUCKET));
  for (let row = low(py); row <= high(py, rows); row++) {
    for (let column = low(px); column <= high(px, columns); column++) {
      const bucket = row * columns + column;
      for (let m = start[bucket] ?? 0; m < (start[bucket + 1] ?? 0); m++) {
        const i = members[m] ?? 0;
        const distance = ((x[i] ?? 0) - px) ** 2 + ((y[i] ?? 0) - py) ** 2;
        if (distance <= bestDistance) {
          best = i;
          bestDistance = distance;
        }
      }
    }
  }
  return best;
}
