interface Trial {
  readonly before: number;
  readonly after: number;
}

export interface TrialGeometry<Item> {
  readonly points: readonly { readonly x: number; readonly y: number; readonly trial: Item }[];
  readonly ticks: readonly { readonly x: number; readonly y: number; readonly label: string }[];
  readonly plot: { readonly left: number; readonly top: number; readonly size: number; readonly height: number };
}

const MARGIN = { left: 52, right: 12, top: 8, bottom: 38 };
/** float32 gives no probability a meaning below this. */
const FLOOR = 1e-12;
const MOST_TICKS = 6;

/** The same logarithmic decades on both axes, so that the diagonal is "unchanged". */
export function trialGeometry<Item extends Trial>(
  trials: readonly Item[],
  size: { readonly width: number; readonly height: number },
): TrialGeometry<Item> {
  const plot = {
    left: MARGIN.left,
    top: MARGIN.top,
    size: Math.max(1, size.width - MARGIN.left - MARGIN.right),
    height: Math.max(1, size.height - MARGIN.top - MARGIN.bottom),
  };
  const decade = (value: number) => Math.log10(Math.max(value, FLOOR));
  const all = trials.flatMap(({ before, after }) => [decade(before), decade(after)]);
  const low = Math.floor(Math.min(-1, ...all));
  const share = (value: number) => (decade(value) - low) / -low;
  const x = (value: number) => plot.left + share(value) * plot.size;
  const y = (value: number) => plot.top + (1 - share(value)) * plot.height;
  const step = Math.ceil(-low / MOST_TICKS);
  const decades = Array.from({ length: Math.floor(-low / step) + 1 }, (_, i) => -i * step);
  return {
    plot,
    points: trials.map((trial) => ({ trial, x: x(trial.before), y: y(trial.after) })),
    ticks: decades.map((power) => ({
      x: x(10 ** power),
      y: y(10 ** power),
      label: power >= -2 ? String(10 ** power) : `1e−${-power}`,
    })),
  };
}
