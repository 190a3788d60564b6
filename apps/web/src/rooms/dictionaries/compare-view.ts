/** What the comparison asks, as the address has it. */
import type { ComparisonRequest, ComparisonVectors } from "@patchbay/contract";
import { numberIn, oneOf, type QueryChange } from "../common/query.ts";

export const VECTORS = ["both", "decoder", "encoder"] as const satisfies readonly ComparisonVectorsName[];
export const MATCHINGS = ["one-to-one", "greedy"] as const;
export const PAIR_LISTS = ["pairs", "unmatched"] as const;
export const USUAL_THRESHOLD = 0.7;

type ComparisonVectorsName = ReturnType<typeof ComparisonVectors.parse>;

export interface CompareView {
  readonly left: string | undefined;
  readonly right: string | undefined;
  readonly vectors: (typeof VECTORS)[number];
  readonly matching: (typeof MATCHINGS)[number];
  readonly threshold: number;
  readonly list: (typeof PAIR_LISTS)[number];
}

export function readCompareView(get: (name: string) => string | undefined): CompareView {
  const threshold = numberIn(get("threshold"));
  return {
    left: get("left"),
    right: get("right"),
    vectors: oneOf(get("vectors"), VECTORS, "both"),
    matching: oneOf(get("matching"), MATCHINGS, "one-to-one"),
    threshold: threshold !== undefined && threshold >= -1 && threshold <= 1 ? threshold : USUAL_THRESHOLD,
    list: oneOf(get("list"), PAIR_LISTS, "pairs"),
  };
}

/** What the address must say; defaults stay out of it. */
export function writeCompareView(view: Partial<CompareView>): QueryChange {
  return {
    ...("left" in view && { left: view.left }),
    ...("right" in view && { right: view.right }),
    ...(view.vectors !== undefined && { vectors: view.vectors === "both" ? undefined : view.vectors }),
    ...(view.matching !== undefined && { matching: view.matching === "one-to-one" ? undefined : view.matching }),
    ...(view.threshold !== undefined && { threshold: thresholdText(view.threshold) }),
    ...(view.list !== undefined && { list: view.list === "pairs" ? undefined : view.list }),
  };
}

/** Two places are finer than anybody can point. */
export function thresholdText(threshold: number): string | undefined {
  const rounded = Math.round(Math.min(1, Math.max(-1, threshold)) * 100) / 100;
  return rounded === USUAL_THRESHOLD ? undefined : String(rounded);
}

/** undefined until both sides are chosen. */
export function comparisonRequest(model: string, view: CompareView): ComparisonRequest | undefined {
  const { left, right, vectors, matching, threshold } = view;
  if (left === undefined || right === undefined) return undefined;
  return { model, left, right, vectors, matching, threshold };
}
