/** Everything that decides what the Trace room shows, and nothing else: small enough to live in the address bar. */
import type { Patch } from "./patch.ts";

export type TracePanel = "lens" | "attention" | "contributions" | "features";
export type LensMeasure = "probability" | "rank" | "kl" | "entropy";
export type Comparison = "before" | "after" | "difference";
export const TRACE_PANELS: readonly TracePanel[] = ["lens", "attention", "contributions", "features"];
export const LENS_MEASURES: readonly LensMeasure[] = ["probability", "rank", "kl", "entropy"];
export const COMPARISONS: readonly Comparison[] = ["before", "after", "difference"];

/** A row of the grid: the embedding, or the residual stream after a layer; "last" is the model's own output. */
export type Depth = "embed" | "last" | number;

export interface SelectedCell {
  readonly depth: Depth;
  /** From 0; -1 is the last position, whatever the prompt's length. */
  readonly position: number;
}

export interface SamplingChoice {
  readonly maxTokens: number;
  /** 0 is greedy; the other settings then have no effect. */
  readonly temperature: number;
  readonly topP: number | undefined;
  readonly topK: number | undefined;
  readonly seed: number;
}

export interface ChosenFeature {
  readonly dictionary: string;
  readonly feature: number;
}

export interface TraceView {
  /** Undefined: the bundled model. */
  readonly model: string | undefined;
  readonly prompt: string;
  /** Undefined: as the model's recipe says. */
  readonly prependBos: boolean | undefined;
  readonly patches: readonly Patch[];
  readonly panel: TracePanel;
  readonly measure: LensMeasure;
  readonly compare: Comparison;
  readonly norm: "final" | "none";
  readonly selected: SelectedCell;
  /** The token followed through depth: its text, or its id. Undefined: the answer at the selected position. */
  readonly pinned: string | number | undefined;
  /** With it, contributions are to the logit difference pinned − minus. */
  readonly minus: string | number | undefined;
  /** Undefined: the head that wrote most of the answer. */
  readonly head: { readonly layer: number; readonly head: number } | undefined;
  readonly attentionForm: "matrix" | "arcs";
  readonly sampling: SamplingChoice;
  /** A set of dictionaries (one a layer), one dictionary, or "none". Undefined: the model's own choice. */
  readonly dictionaries: string | undefined;
  /** The feature whose activations are drawn over the prompt. Undefined: the strongest at the selected place. */
  readonly feature: ChosenFeature | undefined;
}

export const GREEDY: SamplingChoice = { maxTokens: 24, temperature: 0, topP: undefined, topK: undefined, seed: 0 };

export const FIRST_PROMPT = "One day, Tom and Lily went to the park. Tom gave a ball to";

export const FIRST_VIEW: TraceView = {
  model: undefined,
  prompt: FIRST_PROMPT,
  prependBos: undefined,
  patches: [],
  panel: "lens",
  measure: "probability",
  compare: "before",
  norm: "final",
  selected: { depth: "last", position: -1 },
  pinned: undefined,
  minus: undefined,
  head: undefined,
  attentionForm: "matrix",
  sampling: GREEDY,
  dictionaries: undefined,
  feature: undefined,
};
