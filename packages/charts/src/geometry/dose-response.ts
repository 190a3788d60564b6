/**
 * Dose and response of one clamped neuron: above, the probability of each followed token at every clamp value; below, on
 * the same horizontal axis, how far the whole distribution has moved (KL, nats).
 */
import { line, scaleLinear, scaleLog } from "d3";

export interface DoseResponseData {
  /** Clamp values, absolute, in any order. */
  readonly values: readonly number[];
  /** `text` as it is shown, white space visible. */
  readonly tokens: readonly { readonly id: number; readonly text: string }[];
  /** [token][value] */
  readonly probabilities: readonly (readonly number[])[];
  /** Nats, one for each value. */
  readonly kl: readonly number[];
  readonly baseline: { readonly observed: number; readonly probabilities: readonly number[] };
}

export interface DoseResponseSize {
  readonly width: number;
  readonly height: number;
}

export interface AxisTick {
  readonly position: number;
  readonly label: string;
}

export interface DoseCurve {
  readonly id: number;
  readonly text: string;
  readonly path: string;
  readonly points: readonly { readonly x: number; readonly y: number; readonly probability: number }[];
  /** Where the unclamped model stands. */
  readonly baselineY: number;
  readonly labelY: number;
}

export interface DoseResponseGeometry {
  readonly plot: Frame;
  readonly klPlot: Frame;
  readonly curves: readonly DoseCurve[];
  readonly klPath: string;
  readonly klPoints: readonly { readonly x: number; readonly y: number; readonly kl: number }[];
  readonly valueTicks: readonly AxisTick[];
  readonly probabilityTicks: readonly AxisTick[];
  readonly klTicks: readonly AxisTick[];
  /** Horizontal place of the neuron's own value. */
  readonly observedX: number;
  /** The doses from low to high: index into the data, horizontal place. */
  readonly doses: readonly { readonly index: number; readonly value: number; readonly x: number }[];
  nearestDose(x: number): number | undefined;
}

interface Frame {
  readonly left: number;
  readonly top: number;
  readonly width: number;
  readonly height: number;
}

const MARGIN = { left: 46, right: 84, top: 10, bottom: 26 };
const KL_SHARE = 0.24;
const GAP = 18;
const LABEL_HEIGHT = 14;
/** A logarithmic axis needs a floor. */
const PROBABILITY_FLOOR = 1e-10;

export function doseResponse(
  data: DoseResponseData,
  size: DoseResponseSize,
  scale: "linear" | "log",
): DoseResponseGeometry {
  const width = Math.max(1, size.width - MARGIN.left - MARGIN.right);
  const height = Math.max(1, size.height - MARGIN.top - MARGIN.bottom - GAP);
  const plot = { left: MARGIN.left, top: MARGIN.top, width, height: height * (1 - KL_SHARE) };
  const klPlot = { left: MARGIN.left, top: MARGIN.top + plot.height + GAP, width, height: height * KL_SHARE };

  const doses = data.values.map((value, index) => ({ index, value })).sort((a, b) => a.value - b.value);
  const horizontal = scaleLinear()
    .domain(padded([...data.values, data.baseline.observed]))
    .range([plot.left, plot.left + plot.width]);
  const all = [...data.probabilities.flat(), ...data.baseline.probabilities];
  const vertical = probabilityScale(all, scale).range([plot.top + plot.height, plot.top]);
  const klHigh = Math.max(1e-9, ...data.kl);
  const klVertical = scaleLinear()
    .domain([0, klHigh])
    .nice(2)
    .range([klPlot.top + klPlot.height, klPlot.top]);
  const path = line<{ x: number; y: number }>(
    (p) => p.x,
    (p) => p.y,
  );
  const place = (probability: number) =>
    vertical(scale === "log" ? Math.max(probability, PROBABILITY_FLOOR) : probability);

  const curves = data.tokens.map((token, t) => {
    const points = doses.map(({ index, value }) => {
      const probability = data.probabilities[t]?.[index] ?? 0;
      return { x: horizontal(value), y: place(probability), probability };
    });
    const baselineY = place(data.baseline.probabilities[t] ?? 0);
    return { ...token, path: path(points) ?? "", points, baselineY, labelY: points.at(-1)?.y ?? baselineY };
  });
  const klPoints = doses.map(({ index, value }) => ({
    x: horizontal(value),
    y: klVertical(data.kl[index] ?? 0),
    kl: data.kl[index] ?? 0,
  }));
  const placedDoses = doses.map((dose) => ({ ...dose, x: horizontal(dose.value) }));

  return {
    plot,
    klPlot,
    curves: spreadLabels(curves, plot),
    klPath: path(klPoints) ?? "",
    klPoints,
    valueTicks: horizontal.ticks(8).map((v) => ({ position: horizontal(v), label: plain(v) })),
    probabilityTicks: probabilityTicks(vertical, scale),
    klTicks: klVertical.ticks(2).map((v) => ({ position: klVertical(v), label: plain(v) })),
    observedX: horizontal(data.baseline.observed),
    doses: placedDoses,
    nearestDose: (x) => nearest(placedDoses, x),
  };
}

function probabilityScale(all: readonly number[], scale: "linear" | "log") {
  if (scale === "linear")
    return scaleLinear()
      .domain([0, Math.max(1e-6, ...all)])
      .nice(4);
  const low = Math.max(PROBABILITY_FLOOR, Math.min(...all.filter((p) => p > 0), 0.1));
  return scaleLog().domain([10 ** Math.floor(Math.log10(low)), 1]);
}

function probabilityTicks(
  vertical: ReturnType<typeof scaleLinear<number>> | ReturnType<typeof scaleLog<number>>,
  scale: "linear" | "log",
): AxisTick[] {
  if (scale === "linear") return vertical.ticks(4).map((v) => ({ position: vertical(v), label: plain(v) }));
  return vertical
    .ticks(5)
    .filter((v) => Math.abs(Math.log10(v) - Math.round(Math.log10(v))) < 1e-9)
    .filter((_, i, decades) => (decades.length - 1 - i) % Math.ceil(decades.length / 6) === 0)
    .map((v) => ({ position: vertical(v), label: v >= 0.001 ? plain(v) : v.toExponential(0).replace("-", "−") }));
}

/** Labels at the right end keep their order and never overlap: pushed down from the top, then back up from the bottom. */
function spreadLabels(curves: readonly DoseCurve[], plot: Frame): DoseCurve[] {
  const order = [...curves].sort((a, b) => a.labelY - b.labelY);
  const places: number[] = [];
  for (const curve of order)
    places.push(Math.max(curve.labelY, (places.at(-1) ?? Number.NEGATIVE_INFINITY) + LABEL_HEIGHT));
  let ceiling = plot.top + plot.height + 2;
  for (let i = places.length - 1; i >= 0; i--) {
    places[i] = Math.min(places[i] ?? 0, ceiling);
    ceiling = (places[i] ?? 0) - LABEL_HEIGHT;
  }
  const labelY = new Map(order.map((curve, i) => [curve.id, places[i] ?? curve.labelY]));
  return curves.map((curve) => ({ ...curve, labelY: labelY.get(curve.id) ?? curve.labelY }));
}

function padded(values: readonly number[]): [number, number] {
  const low = Math.min(...values);
  const high = Math.max(...values);
  return low === high ? [low - 1, high + 1] : [low, high];
}

function nearest(doses: readonly { readonly x: number }[], x: number): number | undefined {
  let best: number | undefined;
  doses.forEach((dose, i) => {
    if (best === undefined || Math.abs(dose.x - x) < Math.abs((doses[best]?.x ?? 0) - x)) best = i;
  });
  return best;
}

function plain(value: number): string {
  return String(Number(value.toPrecision(6))).replace("-", "−");
}
