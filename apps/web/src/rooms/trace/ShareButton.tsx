import type { ModelSummary } from "@patchbay/contract";
import { useState } from "react";
import { api, useApi } from "../../shell/api.ts";
import { copyText } from "../../shell/clipboard.ts";
import { Link } from "../../shell/Link.tsx";
import { Button } from "../../shell/ui/Button.tsx";
import { ErrorState } from "../../shell/ui/ErrorState.tsx";
import { Field } from "../../shell/ui/Field.tsx";
import { Popover } from "../../shell/ui/Popover.tsx";
import styles from "./Menus.module.css";
import { shareRequest } from "./share-request.ts";
import { useView } from "./trace-context.tsx";
import { shownFeatures } from "./use-cell-features.ts";
import type { TraceData } from "./use-trace-data.ts";

/** Stores what is on the screen as an immutable finding, and copies its address. */
export function ShareButton({ model, data }: { readonly model: ModelSummary; readonly data: TraceData }) {
  return (
    <Popover
      label="Share"
      align="end"
      trigger={(trigger) => (
        <Button disabled={data.run === undefined} style={{ minHeight: 36, borderRadius: 8 }} id="share" {...trigger}>
          Share
        </Button>
      )}
    >
      {(close) => <ShareForm model={model} data={data} close={close} />}
    </Popover>
  );
}

function ShareForm({ model, data, close }: { readonly model: ModelSummary; readonly data: TraceData; close(): void }) {
  const view = useView();
  const [title, setTitle] = useState(view.prompt.slice(0, 120));
  const [note, setNote] = useState("");
  const { state, call } = useApi<{ readonly id: string }>();
  const place = { layer: data.layer, position: data.position, target: data.target?.id, ...shownFeatures(data) };
  async function store() {
    const request = shareRequest(view, model, place, title.trim(), note.trim());
    const snapshot = await call((signal) => api.createSnapshot({ body: request, signal }));
    if (snapshot !== undefined) await copyText(`${location.origin}/s/${snapshot.id}`, "Link");
  }
  if (state.status === "ready") {
    const path = `/s/${state.value.id}`;
    return (
      <div className={styles.share}>
        <p>Stored. The link is on your clipboard:</p>
        <Link href={path} className="mono" onClick={close}>
          {path}
        </Link>
        <p className="quiet">Numbers, requests and recipes are kept as they are now; opening it can replay them.</p>
        <Button onClick={() => void copyText(`${location.origin}${path}`, "Link")}>Copy again</Button>
      </div>
    );
  }
  return (
    <form
      className={styles.share}
      onSubmit={(event) => {
        event.preventDefault();
        void store();
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
      {state.status === "failed" && <ErrorState inline problem={state.problem} />}
      <Button type="submit" kind="primary" disabled={state.status === "pending"}>
        {state.status === "pending" ? "Storing…" : "Store and copy link"}
      </Button>
    </form>
  );
}
