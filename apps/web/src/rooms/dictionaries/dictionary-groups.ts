/** The list in the order in which people read it: sets first, each by layer, then what stands alone. */
import type { DictionarySummary } from "@patchbay/contract";

export interface DictionaryGroup {
  readonly set: string | null;
  readonly dictionaries: readonly DictionarySummary[];
}

export function groupDictionaries(dictionaries: readonly DictionarySummary[], filter = ""): DictionaryGroup[] {
  const words = filter.toLowerCase().split(/\s+/).filter(Boolean);
  const sets = new Map<string | null, DictionarySummary[]>();
  for (const dictionary of dictionaries) {
    const { name, set, kind, inputSite, outputSites, activation, description } = dictionary;
    const text = [name, set, kind, inputSite, ...outputSites, activation, description].join(" ").toLowerCase();
    if (!words.every((word) => text.includes(word))) continue;
    sets.set(set, [...(sets.get(set) ?? []), dictionary]);
  }
  return [...sets]
    .sort(([a], [b]) => (a === null ? 1 : b === null ? -1 : a.localeCompare(b, "en", { numeric: true })))
    .map(([set, members]) => ({ set, dictionaries: members.toSorted(inOrder) }));
}

/** Two of a group that can be compared at once: same width and kind of place, so that matching means something. */
export function comparablePair(dictionaries: readonly DictionarySummary[]): [string, string] | undefined {
  for (const [i, left] of dictionaries.entries()) {
    const right = dictionaries.slice(i + 1).find((other) => comparable(left, other));
    if (right !== undefined) return [left.name, right.name];
  }
  return undefined;
}

/** Every two neighbours of a group that differ in nothing but their seed, as far as a summary tells; else one pair. */
export function offeredPairs(dictionaries: readonly DictionarySummary[]): [string, string][] {
  const pairs = dictionaries.slice(1).flatMap((right, i): [string, string][] => {
    const left = dictionaries[i];
    return left !== undefined &&
      comparable(left, right) &&
      left.features === right.features &&
      left.activation === right.activation
      ? [[left.name, right.name]]
      : [];
  });
  const first = comparablePair(dictionaries);
  return pairs.length > 0 || first === undefined ? pairs : [first];
}

/** Vectors of two dictionaries can only be compared where they live in the same space: the same sites. */
export function comparable(
  left: Pick<DictionarySummary, "inputSite" | "outputSites" | "inputWidth" | "outputWidth">,
  right: Pick<DictionarySummary, "inputSite" | "outputSites" | "inputWidth" | "outputWidth">,
): boolean {
  return (
    left.inputSite === right.inputSite &&
    left.inputWidth === right.inputWidth &&
    left.outputWidth === right.outputWidth &&
    left.outputSites.join() === right.outputSites.join()
  );
}

function inOrder(a: DictionarySummary, b: DictionarySummary): number {
  return a.layer - b.layer || a.name.localeCompare(b.name, "en", { numeric: true });
}
