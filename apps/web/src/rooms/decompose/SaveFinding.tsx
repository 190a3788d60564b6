import type { SnapshotRequest } from "@patchbay/contract";
import { useState } from "react";
import { api, useApi } from "../../shell/api.ts";
import { locationStore } from "../../shell/location.ts";
import { Button } from "../../shell/ui/Button.tsx";
import { ErrorState } from "../../shell/ui/ErrorState.tsx";
import { Field } from "../../shell/ui/Field.tsx";
import { Popover } from "../../shell/ui/Popover.tsx";
import { offerFinding } from "../common/offer-finding.tsx";
import styles from "./Decompose.module.css";

/** Stores what is shown as a finding: the server computes it again and keeps request, numbers and recipe. */
export function SaveFinding({ title, parts }: { readonly title: string; readonly parts: SnapshotRequest["parts"] }) {
  return (
    <Popover
      label="Save finding"
      align="end"
      trigger={(trigger) => (
        <Button id="save-finding" {...trigger}>
          Save finding
        </Button>
      )}
    >
      {(close) => <FindingForm suggested={title} parts={parts} close={close} />}
    </Popover>
  );
}

function FindingForm({
  suggested,
  parts,
  close,
}: {
  readonly suggested: string;
  readonly parts: SnapshotRequest["parts"];
  close(): void;
}) {
  const [title, setTitle] = useState(suggested.slice(0, 160));
  const [note, setNote] = useState("");
  const { state, call } = useApi<string>();
  async function save() {
    const id = await call(async (signal) => {
      const { pathname, search } = locationStore().getState();
      const body: SnapshotRequest = {
        ...(title.trim() === "" ? {} : { title: title.trim() }),
        ...(note.trim() === "" ? {} : { note: note.trim() }),
        view: { room: "decompose", path: pathname + search },
        parts,
      };
      return (await api.createSnapshot({ body, signal })).id;
    });
    if (id === undefined) return;
    close();
    await offerFinding(`/s/${id}`);
  }
  return (
    <form
      className={styles.popoverForm}
      onSubmit={(event) => {
        event.preventDefault();
        void save();
      }}
    >
      <Field label="Title">
        {(props) => (
          <input {...props} value={title} maxLength={200} onChange={(event) => setTitle(event.target.value)} />
        )}
      </Field>
      <Field label="Note" hint="What is to be seen here? Optional.">
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
      <p className="quiet">The server computes it again and keeps request, numbers and recipe.</p>
      {state.status === "failed" && <ErrorState inline problem={state.problem} />}
      <Button type="submit" kind="primary" disabled={state.status === "pending"}>
        {state.status === "pending" ? "Storing…" : "Store and copy link"}
      </Button>
    </form>
  );
}
