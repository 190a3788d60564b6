import type { AttributionResult } from "@patchbay/contract";
import { type Contribution, contributionChanges, contributions } from "./contribution-list.ts";
import { useView } from "./trace-context.tsx";
import type { TraceData } from "./use-trace-data.ts";

export interface ShownAttribution {
  readonly result: AttributionResult;
  readonly parts: readonly Contribution[];
  readonly kind: "plain" | "difference";
  readonly total: number;
  readonly unexplained: number;
}

/** The attribution that the comparison asks for; before, as long as there is no after. */
export function useAttribution(data: TraceData): ShownAttribution | undefined {
  const { compare } = useView();
  const before = data.detailBefore?.results.attribution;
  const after = data.detailAfter?.results.attribution;
  if (before === undefined) return undefined;
  if (compare === "before" || after === undefined) {
    return {
      result: before,
      parts: contributions(before, undefined),
      kind: "plain",
      total: before.total,
      unexplained: before.unexplained,
    };
  }
  if (compare === "after") {
    return {
      result: after,
      parts: contributions(after, before),
      kind: "plain",
      total: after.total,
      unexplained: after.unexplained,
    };
  }
  return {
    result: after,
    parts: contributionChanges(after, before),
    kind: "difference",
    total: after.total - before.total,
    unexplained: after.unexplained - before.unexplained,
  };
}
