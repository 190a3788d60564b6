import type { StoredCircuit } from "@patchbay/contract";
import { pathOfRoute } from "@patchbay/workbench-state";
import { useState } from "react";
import { api, useApi } from "../../../shell/api.ts";
import { Link } from "../../../shell/Link.tsx";
import { navigate } from "../../../shell/location.ts";
import { forgetResources } from "../../../shell/resource.ts";
import { showToast } from "../../../shell/toasts.ts";
import { Button } from "../../../shell/ui/Button.tsx";
import { ErrorState } from "../../../shell/ui/ErrorState.tsx";
import { Field } from "../../../shell/ui/Field.tsx";
import { Popover } from "../../../shell/ui/Popover.tsx";
import styles from "../Decompose.module.css";
import { CIRCUITS_RESOURCE } from "./CircuitsPart.tsx";

/** Compare, rename, remove. A saved circuit never changes: a new name makes a new one, and the old one goes. */
export function CircuitActions({ stored }: { readonly stored: StoredCircuit }) {
  const list = pathOfRoute({ room: "decompose", part: "circuits" });
  return (
    <>
      <Link href={`${list}?left=${encodeURIComponent(stored.id)}`}>Compare with another</Link>
      <Popover label="Rename" align="end" trigger={(trigger) => <Button {...trigger}>Rename</Button>}>
        {(close) => <RenameForm stored={stored} close={close} />}
      </Popover>
      <Popover label="Remove" align="end" trigger={(trigger) => <Button {...trigger}>Remove</Button>}>
        {() => <RemoveForm stored={stored} />}
      </Popover>
    </>
  );
}

function RenameForm({ stored, close }: { readonly stored: StoredCircuit; close(): void }) {
  const [name, setName] = useState(stored.circuit.name);
  const [note, setNote] = useState(stored.circuit.note ?? "");
  const { state, call } = useApi<string>();
  async function rename() {
    const { note: _, ...rest } = stored.circuit;
    const id = await call(async (signal) => {
      const body = { ...rest, name: name.trim(), ...(note.trim() === "" ? {} : { note: note.trim() }) };
      const saved = await api.saveCircuit({ body, signal });
      if (saved.id !== stored.id) await api.removeCircuit({ params: { id: stored.id }, signal });
      return saved.id;
    });
    if (id === undefined) return;
    forgetResources(CIRCUITS_RESOURCE);
    close();
    navigate(pathOfRoute({ room: "circuit", id }) + window.location.search, { replace: true });
  }
  return (
    <form
      className={styles.popoverForm}
      onSubmit={(event) => {
        event.preventDefault();
        if (name.trim() !== "") void rename();
      }}
    >
      <Field label="Name">
        {(props) => <input {...props} value={name} maxLength={200} onChange={(event) => setName(event.target.value)} />}
      </Field>
      <Field label="Note">
        {(props) => (
          <textarea
            {...props}
            rows={3}
            value={note}
            maxLength={20_000}
            onChange={(event) => setNote(event.target.value)}
          />
        )}
      </Field>
      <p className="quiet">Its address changes; findings keep their own copy.</p>
      {state.status === "failed" && <ErrorState inline problem={state.problem} />}
      <Button type="submit" kind="primary" disabled={name.trim() === "" || state.status === "pending"}>
        Rename
      </Button>
    </form>
  );
}

function RemoveForm({ stored }: { readonly stored: StoredCircuit }) {
  const { state, call } = useApi<{ readonly removed: string }>();
  async function remove() {
    const removed = await call((signal) => api.removeCircuit({ params: { id: stored.id }, signal }));
    if (removed === undefined) return;
    forgetResources(CIRCUITS_RESOURCE);
    showToast(`“${stored.circuit.name}” is removed`);
    navigate(pathOfRoute({ room: "decompose", part: "circuits" }));
  }
  return (
    <div className={styles.popoverForm}>
      <p>“{stored.circuit.name}” goes; findings that hold it keep it.</p>
      {state.status === "failed" && <ErrorState inline problem={state.problem} />}
      <Button kind="primary" onClick={() => void remove()} disabled={state.status === "pending"}>
        Remove the circuit
      </Button>
    </div>
  );
}
