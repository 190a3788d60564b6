/** What a sweep changes and measures, in words: sites, axes, cells. */
import type { SweepAxis, SweepAxisValues, SweepRequest, SweepSite } from "@patchbay/contract";
import { placeOnAxes, type ShownSweep, type SweepPanelCells, type SweepScale } from "@patchbay/workbench-state";
import { visibleToken } from "../../shell/ui/token-text.ts";
import { formatFigure } from "../common/format-figure.ts";

export const SITE_WORDS: Readonly<Record<SweepSite, string>> = {
  resid_pre: "residual before the block",
  resid_mid: "residual after attention",
  resid_post: "residual after the block",
  attn_out: "attention output",
  mlp_out: "MLP output",
  layer: "attention and MLP output",
  z: "head outputs (z)",
  q: "queries",
  k: "keys",
  v: "values",
  pattern: "attention patterns",
  neurons: "neuron groups",
  features: "feature groups",
};

export const AXIS_WORDS: Readonly<Record<SweepAxis, string>> = {
  layer: "layer",
  position: "position",
  head: "head",
  key: "key",
  group: "group",
};

export function panelTitle({ site, axes }: Pick<SweepPanelCells, "site" | "axes">): string {
  return `${SITE_WORDS[site]}${axes.length === 0 ? "" : ` by ${axes.map(({ name }) => AXIS_WORDS[name]).join(" × ")}`}`;
}

/** Unit and normalisation of what the cells show. */
export function measureWords(sweep: Pick<ShownSweep, "metric">, request: SweepRequest, scale: SweepScale): string {
  const estimated = request.estimate === undefined ? "" : ", estimated by gradients";
  if (scale === "raw") return `${sweep.metric} of the changed run${estimated}`;
  if (scale === "effect") return `change of ${sweep.metric} by the cell${estimated}; 0: nothing happened`;
  return request.method.kind === "ablation"
    ? `change of ${sweep.metric}${estimated}`
    : `${sweep.metric}: 0 as corrupted, 1 as clean${estimated}`;
}

/** A place on an axis: "L3", "H2", "18 ·to". */
export function axisLabel({ name, labels }: SweepAxisValues, index: number): string {
  const label = labels[index] ?? "";
  if (name !== "position" && name !== "key") return label;
  const { place, token } = positionLabel(label);
  return `${place} ${visibleToken(token)}`;
}

/** The server's label of a position: its number, a space, its token. */
export function positionLabel(label: string): { readonly place: string; readonly token: string } {
  const gap = label.indexOf(" ");
  return gap < 0 ? { place: label, token: "" } : { place: label.slice(0, gap), token: label.slice(gap + 1) };
}

/** One name a cell: "L3 · 18 ·to". */
export function cellName(panel: Pick<SweepPanelCells, "axes" | "site">, place: number): string {
  const indices = placeOnAxes(panel.axes, place);
  const words = panel.axes.map((axis, i) => axisLabel(axis, indices[i] ?? 0));
  return words.length === 0 ? SITE_WORDS[panel.site] : words.join(" · ");
}

/** The metric of the run that is changed: what a cell's effect is the change from. */
export function changedBaseline({ baselines }: Pick<ShownSweep, "baselines">, { method }: SweepRequest): number {
  return method.kind === "patching" && method.direction === "denoise"
    ? (baselines.corrupted ?? baselines.clean)
    : baselines.clean;
}

/** What was done in this cell, as a sentence. */
export function cellSentence(
  panel: Pick<SweepPanelCells, "axes" | "site">,
  place: number,
  request: SweepRequest,
): string {
  const at = panel.axes.length === 0 ? "" : ` at ${cellName(panel, place)}`;
  const what = `${SITE_WORDS[panel.site]}${at}`;
  const { method } = request;
  const other = request.corrupted?.kind === "noise" ? "run with disturbed embeddings" : "corrupted run";
  if (method.kind === "ablation") {
    const by = { zero: "zero", mean: "its mean over reference texts", resample: "its value on another reference text" };
    return `${what}: replaced by ${by[method.how]}.`;
  }
  if (method.kind === "path")
    return `${what}: its corrupted value sent into the clean run, only where it reaches the receivers.`;
  return method.direction === "denoise"
    ? `The ${other}, with the clean value of ${what} put in.`
    : `The clean run, with the value that the ${other} has of ${what} put in.`;
}

/** Short enough for a cell; `narrow` cells hold four characters. Half a number would be a wrong number. */
export function cellNumber(value: number, narrow = false): string {
  const size = Math.abs(value);
  if (size < 0.005) return "0";
  if (size >= 99.5) return value.toFixed(0).replace("-", "−");
  if (narrow && size < 0.995) return value.toFixed(2).replace("0.", ".").replace("-", "−");
  const places = size >= 9.95 ? 1 : 2;
  return value.toFixed(narrow ? places - 1 : places).replace("-", "−");
}

export function describeCell(
  panel: SweepPanelCells,
  place: number,
  baselines: ShownSweep["baselines"],
  pending: boolean,
): string {
  const [raw, normalised] = [panel.raw[place], panel.normalised[place]];
  if (raw === null || raw === undefined)
    return `${cellName(panel, place)}: ${pending ? "not computed yet" : "not computed"}`;
  const share = normalised === null || normalised === undefined ? "" : `, normalised ${formatFigure(normalised)}`;
  return `${cellName(panel, place)}: ${formatFigure(raw)}${share}; clean ${formatFigure(baselines.clean)}`;
}
