/** What has been measured of each cell, as it comes in: means over samples, then over examples. */
import type { SweepBaselines, SweepMethod, SweepPanelResult } from "@patchbay/contract";
import { shortFloat } from "../run/tensor-json.ts";
import type { PanelCells } from "./cells.ts";
import { mean, meanInterval } from "./statistics.ts";

export class Tally {
  /** [panel][cell][example] → values of samples. */
  readonly #values: Map<number, number[]>[][];
  readonly #panels: readonly PanelCells[];
  readonly #normalise: (value: number, baselines: SweepBaselines) => number | null;
  readonly #baselines: SweepBaselines[] = [];
  /** Values that were no numbers. */
  broken = 0;

  constructor(panels: readonly PanelCells[], method: SweepMethod) {
    this.#panels = panels;
    this.#values = panels.map(({ cells }) => cells.map(() => new Map()));
    this.#normalise = method.kind === "ablation" ? (value, { clean }) => value - clean : normalised;
  }

  addExample(baselines: SweepBaselines): void {
    this.#baselines.push(baselines);
  }

  add(panel: number, index: number, example: number, value: number): void {
    if (!Number.isFinite(value)) {
      this.broken += 1;
      return;
    }
    const cell = this.#values[panel]?.[index];
    const held = cell?.get(example);
    if (held === undefined) cell?.set(example, [value]);
    else held.push(value);
  }

  get baselines(): SweepBaselines {
    const corrupted = this.#baselines.flatMap((each) => each.corrupted ?? []);
    return {
      clean: mean(this.#baselines.map(({ clean }) => clean)),
      corrupted: corrupted.length === 0 ? null : mean(corrupted),
    };
  }

  /** Mean over examples of means over samples; null before the first value. */
  raw(panel: number, index: number): number | null {
    const cell = this.#values[panel]?.[index];
    return cell === undefined || cell.size === 0 ? null : shortFloat(mean([...cell.values()].map(mean)));
  }

  normalised(raw: number | null): number | null {
    return raw === null ? null : this.#normalise(raw, this.baselines);
  }

  results(): SweepPanelResult[] {
    return this.#panels.map(({ site, axes, cells }, panel) => {
      const raw = cells.map((_, index) => this.raw(panel, index));
      const intervals = cells.map((_, index) => this.#interval(panel, index));
      return {
        site,
        axes: [...axes],
        raw,
        normalised: raw.map((value) => this.normalised(value)),
        interval: intervals.every((each) => each === undefined)
          ? null
          : { low: intervals.map((each) => each?.low ?? null), high: intervals.map((each) => each?.high ?? null) },
      };
    });
  }

  #interval(panel: number, index: number) {
    const cell = this.#values[panel]?.[index] ?? new Map<number, number[]>();
    const [only] = cell.values();
    return cell.size === 1 ? meanInterval(only ?? []) : meanInterval([...cell.values()].map(mean));
  }
}

/** Below this share of the larger baseline a difference of baselines is rounding. */
const SMALLEST_SHARE = 1e-6;

/** 0: as corrupted; 1: as clean. null where the two do not differ. */
function normalised(value: number, { clean, corrupted }: SweepBaselines): number | null {
  if (corrupted === null) return null;
  const span = clean - corrupted;
  if (Math.abs(span) <= SMALLEST_SHARE * Math.max(Math.abs(clean), Math.abs(corrupted))) return null;
  return (value - corrupted) / span;
}
