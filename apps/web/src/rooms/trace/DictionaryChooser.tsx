import { NO_DICTIONARY } from "./dictionary-choice.ts";
import { useTraceStore } from "./trace-context.tsx";
import type { CellFeatures } from "./use-cell-features.ts";

/** Which dictionaries speak in the room: a set with one a layer, a single one, or none. Kept in the address. */
export function DictionaryChooser({
  features,
  wanted,
}: {
  readonly features: CellFeatures;
  readonly wanted: string | undefined;
}) {
  const store = useTraceStore();
  const { choices, choice } = features;
  const sets = choices.filter(({ isSet }) => isSet);
  const single = choices.filter(({ isSet, value }) => !isSet && !sets.some((set) => set.value === value));
  const value = choice?.value ?? wanted ?? NO_DICTIONARY;
  return (
    <select
      aria-label="Dictionaries"
      value={value}
      onChange={({ target }) =>
        store.update(
          { dictionaries: target.value === choices[0]?.value ? undefined : target.value, feature: undefined },
          { step: true },
        )
      }
    >
      {sets.length > 0 && (
        <optgroup label="One a layer">
          {sets.map((set) => (
            <option key={set.value} value={set.value}>
              {set.value}
            </option>
          ))}
        </optgroup>
      )}
      {single.length > 0 && (
        <optgroup label="One dictionary">
          {single.map((one) => (
            <option key={one.value} value={one.value}>
              {one.value}
            </option>
          ))}
        </optgroup>
      )}
      {choice === undefined && value !== NO_DICTIONARY && <option value={value}>{value} (not installed)</option>}
      <option value={NO_DICTIONARY}>none</option>
    </select>
  );
}
