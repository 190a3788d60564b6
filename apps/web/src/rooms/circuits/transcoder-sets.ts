/** The sets of dictionaries that a graph can be made with: those that read an MLP's input and write its output. */
import type { DictionarySummary } from "@patchbay/contract";

export function transcoderSets(dictionaries: readonly DictionarySummary[]): string[] {
  const names = dictionaries.flatMap(({ set, kind }) => (set === null || kind === "sae" ? [] : [set]));
  return [...new Set(names)].sort();
}
