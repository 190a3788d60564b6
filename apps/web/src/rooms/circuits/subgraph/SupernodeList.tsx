import { useEffect, useState } from "react";
import { Button } from "../../../shell/ui/Button.tsx";
import styles from "../Circuits.module.css";
import { useCircuitRoom, useCircuitsView } from "../circuits-context.tsx";
import { rename, ungroup } from "../edits.ts";
import { groupColourName } from "./group-colour.ts";

/** The groups, to be named, checked and taken apart. */
export function SupernodeList() {
  const { store, circuit, choose } = useCircuitRoom();
  const { supernodes } = useCircuitsView().annotations;
  return (
    <ul className={styles.supernodes} aria-label="Supernodes">
      {supernodes.map(({ id, label, nodes }, i) => (
        <li key={id} data-supernode={id}>
          <i style={{ background: `var(${groupColourName(i)})` }} aria-hidden="true" />
          <NameField id={id} label={label} onName={(name) => rename(store, id, name)} />
          <small>{nodes.length}</small>
          <Button
            kind="bare"
            title="Choose its nodes and change them in the model"
            onClick={() => {
              choose(nodes.flatMap((node) => circuit.placeOf.get(node) ?? []));
              store.update({ panel: "check" });
            }}
          >
            Check
          </Button>
          <Button kind="bare" aria-label={`Ungroup ${label === "" ? id : label}`} onClick={() => ungroup(store, id)}>
            ×
          </Button>
        </li>
      ))}
    </ul>
  );
}

function NameField({ id, label, onName }: { readonly id: string; readonly label: string; onName(name: string): void }) {
  const [draft, setDraft] = useState(label);
  useEffect(() => setDraft(label), [label]);
  return (
    <input
      aria-label={`Name of ${id}`}
      placeholder="Name this group"
      maxLength={200}
      value={draft}
      onChange={(event) => setDraft(event.target.value)}
      onBlur={() => onName(draft.trim())}
      onKeyDown={(event) => {
        event.stopPropagation();
        if (event.key === "Escape") setDraft(label);
        if (event.key === "Enter" || event.key === "Escape") event.currentTarget.blur();
      }}
    />
  );
}
