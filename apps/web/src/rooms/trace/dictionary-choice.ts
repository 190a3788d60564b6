/** Which dictionary speaks at which layer: sets with one a layer come first, then those that stand alone. */
import type { DictionarySummary } from "@patchbay/contract";
import { dictionaryLayer } from "../common/dictionary-layer.ts";

export interface DictionaryChoice {
  /** As the address has it: a set's name, or a dictionary's. */
  readonly value: string;
  readonly isSet: boolean;
  readonly members: readonly DictionarySummary[];
}

export const NO_DICTIONARY = "none";

/** Sets whose members stand at different layers, the largest first; then every dictionary, by layer and name. */
export function dictionaryChoices(dictionaries: readonly DictionarySummary[]): DictionaryChoice[] {
  const sets = new Map<string, DictionarySummary[]>();
  for (const dictionary of dictionaries) {
    if (dictionary.set !== null) sets.set(dictionary.set, [...(sets.get(dictionary.set) ?? []), dictionary]);
  }
  const layered = [...sets]
    .filter(([, members]) => members.length > 1 && new Set(members.map(dictionaryLayer)).size === members.length)
    .map(([value, members]) => ({ value, isSet: true, members }))
    .sort((a, b) => b.members.length - a.members.length || a.value.localeCompare(b.value, "en", { numeric: true }));
  const single = dictionaries
    .map((dictionary) => ({ value: dictionary.name, isSet: false, members: [dictionary] }))
    .sort(
      ({ members: [a] }, { members: [b] }) =>
        (a === undefined ? 0 : dictionaryLayer(a)) - (b === undefined ? 0 : dictionaryLayer(b)) ||
        (a?.name ?? "").localeCompare(b?.name ?? "", "en", { numeric: true }),
    );
  return [...layered, ...single];
}

/** What the address asks for; without a word in it the first choice. Undefined: none, or nothing of that name. */
export function chosenDictionaries(
  choices: readonly DictionaryChoice[],
  wanted: string | undefined,
): DictionaryChoice | undefined {
  if (wanted === undefined) return choices[0];
  return choices.find(({ value, isSet }) => value === wanted && isSet) ?? choices.find(({ value }) => value === wanted);
}

export function dictionaryAt(
  choice: DictionaryChoice | undefined,
  layer: number | undefined,
): DictionarySummary | undefined {
  return layer === undefined ? undefined : choice?.members.find((member) => dictionaryLayer(member) === layer);
}
