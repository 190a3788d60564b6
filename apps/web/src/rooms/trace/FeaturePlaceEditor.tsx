import type { ModelSummary } from "@patchbay/contract";
import type { DictionarySite, Patch } from "@patchbay/workbench-state";
import { useState } from "react";
import { Button } from "../../shell/ui/Button.tsx";
import { Field } from "../../shell/ui/Field.tsx";
import { dictionaryLayer } from "../common/dictionary-layer.ts";
import { useDictionaries } from "../dictionaries/use-dictionaries.ts";
import styles from "./Dock.module.css";
import { readUnits } from "./patch-label.ts";

/** Dictionary and features of a patch. */
export function FeaturePlaceEditor({
  patch,
  site,
  model,
  onChange,
  close,
}: {
  readonly patch: Patch;
  readonly site: DictionarySite;
  readonly model: ModelSummary;
  onChange(change: Partial<Patch>): void;
  close(): void;
}) {
  const dictionaries = useDictionaries(model).state.value?.dictionaries ?? [];
  const [name, setName] = useState(site.dictionary);
  const [unitText, setUnitText] = useState(patch.units?.join(", ") ?? "");
  const chosen = dictionaries.find((dictionary) => dictionary.name === name);
  const count = chosen?.features ?? Number.MAX_SAFE_INTEGER;
  const whole = patch.operation.op === "splice";
  const units = unitText.trim() === "" ? undefined : readUnits(unitText, count);
  const unitError =
    unitText.trim() !== "" && units === undefined
      ? `Numbers${chosen === undefined ? "" : ` from 0 to ${count - 1}`}, such as 3, 17, 20-23.`
      : undefined;
  return (
    <form
      className={styles.placeEditor}
      onSubmit={(event) => {
        event.preventDefault();
        if (unitError !== undefined) return;
        const layer = chosen === undefined ? site.layer : dictionaryLayer(chosen);
        onChange({ site: { ...site, dictionary: name, layer }, units: whole ? undefined : units });
        close();
      }}
    >
      <Field label="Dictionary" hint={chosen?.description ?? "Not installed here."}>
        {(props) => (
          <select {...props} value={name} onChange={(event) => setName(event.target.value)}>
            {chosen === undefined && <option value={name}>{name}</option>}
            {dictionaries.map((dictionary) => (
              <option key={dictionary.name} value={dictionary.name}>
                {dictionary.name}
              </option>
            ))}
          </select>
        )}
      </Field>
      {!whole && (
        <Field label="Features" hint="Empty: all. Lists and ranges: 3, 17, 20-23." error={unitError}>
          {(props) => (
            <input {...props} className="mono" value={unitText} onChange={(event) => setUnitText(event.target.value)} />
          )}
        </Field>
      )}
      <Button type="submit" kind="primary" disabled={unitError !== undefined}>
        Move the patch
      </Button>
    </form>
  );
}
