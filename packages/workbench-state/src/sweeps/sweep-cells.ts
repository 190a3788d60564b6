/** A sweep as it comes: cells that are empty at first and fill while the server works, and the pictures they make. */
import type {
  SweepAxisValues,
  SweepBaselines,
  SweepEvent,
  SweepGreedyStep,
  SweepResult,
  SweepSite,
  Token,
} from "@patchbay/contract";
import type { SweepScale } from "./sweeps-view.ts";

export interface SweepPanelCells {
  readonly site: SweepSite;
  readonly axes: readonly SweepAxisValues[];
  /** Row-major over the axes; null: not there (yet). */
  readonly raw: readonly (number | null)[];
  readonly normalised: readonly (number | null)[];
  readonly interval: { readonly low: readonly (number | null)[]; readonly high: readonly (number | null)[] } | null;
}

export interface ShownSweep {
  readonly panels: readonly SweepPanelCells[];
  readonly baselines: SweepBaselines;
  readonly metric: string;
  readonly tokens: { readonly clean: readonly Token[]; readonly corrupted: readonly Token[] | null };
  readonly alignment: readonly (readonly [number, number])[] | null;
  readonly greedy: readonly SweepGreedyStep[];
  /** Undefined while cells are still coming. */
  readonly result: SweepResult | undefined;
}

/** What is shown after one more event. Events other than the first mean nothing before the first. */
export function takeSweepEvent(shown: ShownSweep | undefined, event: SweepEvent): ShownSweep | undefined {
  if (event.kind === "start") {
    return {
      panels: event.panels.map(({ site, axes }) => {
        const size = axes.reduce((product, { values }) => product * values.length, 1);
        const empty = new Array<null>(size).fill(null);
        return { site, axes, raw: empty, normalised: empty, interval: null };
      }),
      baselines: event.baselines,
      metric: event.metric,
      tokens: event.tokens,
      alignment: event.alignment,
      greedy: [],
      result: undefined,
    };
  }
  if (shown === undefined) return undefined;
  if (event.kind === "step") return { ...shown, greedy: [...shown.greedy, event] };
  return {
    ...shown,
    panels: shown.panels.map((panel, number) => {
      if (number !== event.panel) return panel;
      const [raw, normalised] = [panel.raw.slice(), panel.normalised.slice()];
      event.indices.forEach((place, i) => {
        raw[place] = event.raw[i] ?? null;
        normalised[place] = event.normalised[i] ?? null;
      });
      return { ...panel, raw, normalised };
    }),
  };
}

export function sweepOfResult(result: SweepResult): ShownSweep {
  const { panels, baselines, metric, tokens, alignment, greedy } = result;
  return { panels, baselines, metric, tokens, alignment, greedy: greedy ?? [], result };
}

/** Rows × columns that a panel is drawn as. Axes beyond what a picture can hold are slices, chosen one at a time. */
export interface SweepPicture {
  /** First row is the top: layers go upwards. */
  readonly rowLabels: readonly string[];
  readonly columns: SweepAxisValues | undefined;
  /** Axes that are not drawn, each with the index that is. */
  readonly slices: readonly { readonly axis: SweepAxisValues; readonly chosen: number }[];
  /** [row][column] → place in the panel's values. */
  placeOf(row: number, column: number): number;
  /** Undefined where the place lies in another slice. */
  cellOf(place: number): { readonly row: number; readonly column: number } | undefined;
}

const MOST_ROWS = 64;

/** @param chosen index of each sliced axis; 0 where it says nothing */
export function sweepPicture(axes: readonly SweepAxisValues[], chosen: readonly number[] = []): SweepPicture {
  const columns = axes.at(-1);
  const before = axes.slice(0, -1);
  let first = before.length;
  let rows = 1;
  while (first > 0) {
    const length = before[first - 1]?.values.length ?? 1;
    if (first < before.length && rows * length > MOST_ROWS) break;
    rows *= length;
    first -= 1;
  }
  const slices = before.slice(0, first).map((axis, i) => ({
    axis,
    chosen: Math.max(0, Math.min(axis.values.length - 1, chosen[i] ?? 0)),
  }));
  const rowAxes = before.slice(first);
  const width = columns?.values.length ?? 1;
  const offset = slices.reduce((place, { axis, chosen: at }) => place * axis.values.length + at, 0) * rows * width;
  // Layers grow upwards, as everywhere in the workbench; a list of groups or positions is read downwards.
  const upwards = rowAxes[0]?.name === "layer";
  const flip = (row: number) => (upwards ? rows - 1 - row : row);
  return {
    rowLabels: Array.from({ length: rows }, (_, row) => labelOf(rowAxes, flip(row))),
    columns,
    slices,
    placeOf: (row, column) => offset + flip(row) * width + column,
    cellOf(place) {
      const inside = place - offset;
      if (inside < 0 || inside >= rows * width) return undefined;
      return { row: flip(Math.floor(inside / width)), column: inside % width };
    },
  };
}

/** The index on each axis of a place in row-major values. */
export function placeOnAxes(axes: readonly { readonly values: readonly number[] }[], place: number): number[] {
  const indices: number[] = [];
  let rest = place;
  for (const axis of axes.toReversed()) {
    const length = axis.values.length || 1;
    indices.unshift(rest % length);
    rest = Math.floor(rest / length);
  }
  return indices;
}

function labelOf(axes: readonly SweepAxisValues[], place: number): string {
  return placeOnAxes(axes, place)
    .map((index, axis) => axes[axis]?.labels[index] ?? "")
    .join(" ");
}

/** What a picture shows of a panel. @param base metric of the run that is changed, of which an effect is the change */
export function shownValues(
  panel: Pick<SweepPanelCells, "raw" | "normalised">,
  scale: SweepScale,
  base: number,
): readonly (number | null)[] {
  return scale === "effect" ? panel.raw.map((value) => (value === null ? null : value - base)) : panel[scale];
}

/**
 * Largest magnitude over all panels: one scale for pictures that stand side by side.
 * @param least below it everything is rounding, and must not be drawn as if it were something
 */
export function sharedExtent(panels: readonly (readonly (number | null)[])[], least: number): number {
  let extent = Math.abs(least);
  for (const values of panels)
    for (const value of values) if (value !== null) extent = Math.max(extent, Math.abs(value));
  return extent === 0 ? 1 : extent;
}
