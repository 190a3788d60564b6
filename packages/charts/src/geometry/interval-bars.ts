/** Values on one shared axis, each with its interval where it has one. */
import { scaleLinear } from "d3";

export interface IntervalValue {
  readonly name: string;
  readonly value: number;
  readonly low?: number | undefined;
  readonly high?: number | undefined;
}

export interface IntervalBarsGeometry {
  readonly rows: readonly {
    readonly name: string;
    readonly x: number;
    readonly low: number | undefined;
    readonly high: number | undefined;
  }[];
  /** Where bars begin: the reference value's place. */
  readonly origin: number;
  readonly ticks: readonly { readonly value: number; readonly position: number }[];
}

/**
 * `reference` is where every bar begins: a loss bar from 0 would hide the difference that matters, so the caller says
 * from what it counts (mostly the original loss).
 */
export function intervalBars(values: readonly IntervalValue[], width: number, reference: number): IntervalBarsGeometry {
  const all = values.flatMap(({ value, low, high }) => [value, low ?? value, high ?? value]).filter(Number.isFinite);
  const low = Math.min(reference, ...all);
  const high = Math.max(reference, ...all);
  const span = high - low || 1;
  const horizontal = scaleLinear()
    .domain([low < reference ? low - span * 0.03 : low, high + span * 0.03])
    .range([0, Math.max(1, width)])
    .clamp(true);
  return {
    rows: values.map(({ name, value, low: from, high: to }) => ({
      name,
      x: horizontal(Number.isFinite(value) ? value : reference),
      low: from === undefined ? undefined : horizontal(from),
      high: to === undefined ? undefined : horizontal(to),
    })),
    origin: horizontal(reference),
    ticks: horizontal
      .ticks(Math.max(2, Math.floor(width / 70)))
      .map((value) => ({ value, position: horizontal(value) })),
  };
}
