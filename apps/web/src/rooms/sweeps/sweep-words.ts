/** What a sweep changes and measures, in words: sites, axes, cells. */
import type { SweepAxis, SweepRequest, SweepSite } from "@patchbay/contract";
import { placeOnAxes, type ShownSweep, type SweepPanelCells } from "@patchbay/workbench-state";
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
export function measureWords(sweep: Pick<ShownSweep, "metric">, request: SweepRequest, scale: "raw" | "normalised"): string {
  const estimated = request.estimate === undefined ? "" : ", estimated by gradients";
  if (scale === "raw") return `${sweep.metric} of the changed run${estimated}`;
  return request.method.kind === "ablation"
    ? `change of ${sweep.metric}${estimated}`
    : `${sweep.metric}: 0 as corrupted, 1 as clean${estimated}`;
}

/** The tokens of the run that is changed: positions of cells are its. */
export function changedTokens(sweep: Pick<ShownSweep, "tokens">, request: SweepRequest): ShownSweep["tokens"]["clean"] {
  const { clean, corrupted } = sweep.tokens;
  return request.method.kind === "patching" && request.method.direction === "denoise" ? (corrupted ?? clean) : clean;
}

/** One name a cell: "L3 · 18 ·to". */
export function cellName(panel: Pick<SweepPanelCells, "axes" | "site">, place: number): string {
  const indices = placeOnAxes(panel.axes, place);
  const words = panel.axes.map(({ labels }, axis) => visibleToken(labels[indices[axis] ?? 0] ?? "").replace("··", " "));
  return words.length === 0 ? SITE_WORDS[panel.site] : words.join(" · ");
}

/** What was done in this cell, as a sentence. */
export function cellSentence(panel: Pick<SweepPanelCells, "axes" | "site">, place: number, request: SweepRequest): string {
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

/** Short enough for a cell. */
export function cellNumber(value: number): string {
  const size = Math.abs(value);
  if (size < 0.005) return "0";
  return (size >= 100 ? value.toFixed(0) : size >= 10 ? value.toFixed(1) : value.toFixed(2)).replace("-", "−");
}

export function describeCell(
  panel: SweepPanelCells,
  place: number,
  baselines: ShownSweep["baselines"],
  pending: boolean,
): string {
  const [raw, normalised] = [panel.raw[place], panel.normalised[place]];
  if (raw === null || raw === undefined)
    return `${cellName(panel, place)}: ${pending ? "on its way" : "not computed"}`;
  const share = normalised === null || normalised === undefined ? "" : `, normalised ${formatFigure(normalised)}`;
  return `${cellName(panel, place)}: ${formatFigure(raw)}${share}; clean ${formatFigure(baselines.clean)}`;
}
