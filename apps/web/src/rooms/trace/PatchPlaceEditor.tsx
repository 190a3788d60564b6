import type { ModelSummary } from "@patchbay/contract";
import { describeSite, isSiteKind, type Site } from "@patchbay/vocabulary";
import type { Patch } from "@patchbay/workbench-state";
import { useState } from "react";
import { Button } from "../../shell/ui/Button.tsx";
import { Field } from "../../shell/ui/Field.tsx";
import styles from "./Dock.module.css";
import { placeChoices, readUnits, unitsOfPlace } from "./patch-label.ts";

/** Site, layer and units of a patch. */
export function PatchPlaceEditor({
  patch,
  site,
  model,
  onChange,
  close,
}: {
  readonly patch: Patch;
  readonly site: Site;
  readonly model: ModelSummary;
  onChange(change: Partial<Patch>): void;
  close(): void;
}) {
  const [kind, setKind] = useState(site.kind);
  const [layer, setLayer] = useState(site.layer ?? 0);
  const [unitText, setUnitText] = useState(patch.units?.join(", ") ?? "");
  const { count, name } = unitsOfPlace(kind, model);
  const units = unitText.trim() === "" ? undefined : readUnits(unitText, count);
  const unitError =
    unitText.trim() !== "" && units === undefined ? `Indices from 0 to ${count - 1}, such as 3, 17, 20-23.` : undefined;
  const inBlock = describeSite(kind).stage === "block";
  return (
    <form
      className={styles.placeEditor}
      onSubmit={(event) => {
        event.preventDefault();
        if (unitError !== undefined) return;
        onChange({ site: inBlock ? { kind, layer } : { kind }, units });
        close();
      }}
    >
      <Field label="Place" hint={`${describeSite(kind).meaning}.`}>
        {(props) => (
          <select {...props} value={kind} onChange={({ target: { value } }) => isSiteKind(value) && setKind(value)}>
            {placeChoices(model.gated).map(({ group, choices }) => (
              <optgroup key={group} label={group}>
                {choices.map((choice) => (
                  <option key={choice.kind} value={choice.kind}>
                    {group}: {choice.name}
                  </option>
                ))}
              </optgroup>
            ))}
          </select>
        )}
      </Field>
      {inBlock && (
        <Field label="Layer">
          {(props) => (
            <select {...props} value={layer} onChange={(event) => setLayer(Number(event.target.value))}>
              {Array.from({ length: model.layers }, (_, i) => (
                // biome-ignore lint/suspicious/noArrayIndexKey: a layer is its index
                <option key={i} value={i}>
                  L{i}
                </option>
              ))}
            </select>
          )}
        </Field>
      )}
      <Field label={name} hint={`Empty: all ${count}. Lists and ranges: 3, 17, 20-23.`} error={unitError}>
        {(props) => (
          <input {...props} className="mono" value={unitText} onChange={(event) => setUnitText(event.target.value)} />
        )}
      </Field>
      <Button type="submit" kind="primary" disabled={unitError !== undefined}>
        Move the patch
      </Button>
    </form>
  );
}
