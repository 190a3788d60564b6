/** Where a dictionary stands in the grid of layers. */
import type { DictionarySummary } from "@patchbay/contract";
import { parseSite } from "@patchbay/vocabulary";

/** The layer after which the dictionary's output is in the residual stream: what it reads before a block is of the one below. */
export function dictionaryLayer({ layer, outputSites }: Pick<DictionarySummary, "layer" | "outputSites">): number {
  const [first] = outputSites;
  if (first === undefined) return layer;
  const site = parseSite(first);
  const own = site.layer ?? layer;
  return Math.max(0, site.kind === "hook_resid_pre" ? own - 1 : own);
}
