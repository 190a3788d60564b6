/** The names and formulas that stand beside numbers. x: value at the output site; y: the dictionary's output. */
import type { DictionarySummary } from "@patchbay/contract";
import { formatCount, formatFixed } from "../../shell/ui/format-number.ts";

const KINDS: Readonly<Record<DictionarySummary["kind"], string>> = {
  sae: "SAE",
  transcoder: "transcoder",
  "cross-layer-transcoder": "cross-layer transcoder",
};

export function kindText({ kind, skip }: Pick<DictionarySummary, "kind" | "skip">): string {
  return skip ? `${KINDS[kind]}, skip` : KINDS[kind];
}

/** "L3 ln2.hook_normalized → hook_mlp_out"; a site of another layer keeps its own. */
export function siteText({
  layer,
  inputSite,
  outputSites,
}: Pick<DictionarySummary, "layer" | "inputSite" | "outputSites">): string {
  const [first] = outputSites;
  const input = `L${layer} ${shortSite(inputSite)}`;
  if (first === undefined || (outputSites.length === 1 && first === inputSite)) return input;
  if (outputSites.length === 1) return `${input} → ${shortSite(first)}`;
  return `${input} → ${shortSite(first)} in ${outputSites.length} layers`;
}

export function shortSite(site: string): string {
  return site.replace(/^blocks\.\d+\./, "");
}

export function percent(share: number, places = 1): string {
  return `${formatFixed(share * 100, places)} %`;
}

/** Per cent of a share that may be tiny: never "0.0 %" for what is not 0. */
export function smallPercent(share: number): string {
  if (share === 0) return "0 %";
  return share < 0.0005 ? "<0.1 %" : percent(share);
}

export function nats(value: number): string {
  return formatFixed(value, 3);
}

export interface MetricWords {
  readonly name: string;
  readonly formula: string;
  readonly unit: string;
  readonly meaning: string;
}

export const METRICS = {
  l0: {
    name: "L0",
    formula: "mean over tokens of #{i : fᵢ ≠ 0}",
    unit: "features a token",
    meaning: "How many features fire at once. Fewer is sparser, and harder.",
  },
  unexplained: {
    name: "variance unexplained",
    formula: "Σ‖x − y‖² ⁄ Σ‖x − mean x‖²",
    unit: "share, about the mean",
    meaning: "0 is perfect, 1 is no better than always answering the mean.",
  },
  cosine: {
    name: "cosine",
    formula: "mean over tokens of x·y ⁄ (‖x‖ ‖y‖)",
    unit: "−1 … 1",
    meaning: "Direction only; a shared mean alone can make it high.",
  },
  deadShare: {
    name: "dead",
    formula: "#{i : fᵢ = 0 on every token} ⁄ features",
    unit: "share of features",
    meaning: "Never fired on the measured tokens; on more text some of them may.",
  },
  recoveredAgainstZero: {
    name: "loss recovered, zero",
    formula: "(zero − spliced) ⁄ (zero − original)",
    unit: "share of the loss that zero ablation costs",
    meaning: "Near 1 hides much: zero ablation is a heavy blow. See the loss increase.",
  },
  recoveredAgainstMean: {
    name: "loss recovered, mean",
    formula: "(mean − spliced) ⁄ (mean − original)",
    unit: "share of the loss that mean ablation costs",
    meaning: "The stricter yardstick: the mean already keeps what is the same for all tokens.",
  },
  increase: {
    name: "loss increase",
    formula: "spliced − original",
    unit: "nats a token",
    meaning: "What the model loses when it computes with the dictionary's output, the error dropped.",
  },
} as const satisfies Record<string, MetricWords>;

export function measuredOn(quality: { readonly tokens: number; readonly corpus: string }): string {
  return `${formatCount(quality.tokens)} tokens of ${quality.corpus}, BOS left out`;
}
