import type { ModelSummary } from "@patchbay/contract";
import { cableColour, type Patch } from "@patchbay/workbench-state";
import { useState } from "react";
import { Popover } from "../../shell/ui/Popover.tsx";
import { Segmented } from "../../shell/ui/Segmented.tsx";
import { addPatch, rowPatches } from "./patch-actions.ts";
import { rowOfSite } from "./patched-cells.ts";
import styles from "./Side.module.css";
import { useTraceStore, useView } from "./trace-context.tsx";

/** A row's name and its jack: the place where a patch enters. */
export function RowHead({
  label,
  layer,
  height,
  selected,
  model,
  position,
  leadingNeuron,
}: {
  readonly label: string;
  /** -1 for the embedding. */
  readonly layer: number;
  readonly height: number;
  readonly selected: boolean;
  readonly model: ModelSummary;
  readonly position: number;
  readonly leadingNeuron: number | undefined;
}) {
  const store = useTraceStore();
  const { patches } = useView();
  const [where, setWhere] = useState<"all" | "here" | "last">("all");
  const rows = model.layers + 1;
  const entering = patches.filter(({ site }) => rowOfSite(site, rows) === layer + 1);
  const shown = height >= 12 || layer % Math.ceil(12 / height) === 0 || selected;
  return (
    <div className={styles.rowHead} data-selected={selected}>
      <Popover
        label={`Patch ${label}`}
        trigger={(trigger) => (
          <button
            type="button"
            className={styles.jack}
            data-jack={layer + 1}
            data-small={height < 13}
            style={entering[0] === undefined ? undefined : { color: jackColour(entering), borderColor: "currentcolor" }}
            data-plugged={entering.some(({ muted }) => !muted)}
            title={`Patch ${label}`}
            aria-label={`Patch ${label}${entering.length > 0 ? `, ${entering.length} plugged in` : ""}`}
            {...trigger}
          />
        )}
      >
        {(close) => (
          <div className={styles.jackMenu}>
            <h2>Patch {label}</h2>
            <Segmented
              label="Positions"
              value={where}
              onChange={setWhere}
              options={[
                { value: "all", label: "All positions" },
                { value: "here", label: `Position ${position}` },
                { value: "last", label: "Last" },
              ]}
            />
            <ul>
              {rowPatches(layer, leadingNeuron).map(({ title, note, patch }) => (
                <li key={title}>
                  <button
                    type="button"
                    onClick={() => {
                      addPatch(store, { ...patch, positions: where === "here" ? [position] : where });
                      close();
                    }}
                  >
                    {title} <small>{note}</small>
                  </button>
                </li>
              ))}
            </ul>
          </div>
        )}
      </Popover>
      <span>{shown ? label : ""}</span>
    </div>
  );
}

function jackColour(entering: readonly Patch[]): string {
  const first = entering.find(({ muted }) => !muted);
  return first === undefined ? "var(--ink-4)" : `var(--cable-${cableColour(first.cable)})`;
}
