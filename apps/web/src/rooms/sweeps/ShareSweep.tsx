import type { SnapshotRequest } from "@patchbay/contract";
import { useState } from "react";
import { api, useApi } from "../../shell/api.ts";
import { copyText } from "../../shell/clipboard.ts";
import { Link } from "../../shell/Link.tsx";
import { locationStore } from "../../shell/location.ts";
import { Button } from "../../shell/ui/Button.tsx";
import { ErrorState } from "../../shell/ui/ErrorState.tsx";
import { Field } from "../../shell/ui/Field.tsx";
import { Popover } from "../../shell/ui/Popover.tsx";
import menu from "../trace/Menus.module.css";

export type SweepPart = SnapshotRequest["parts"][number];

/** A finding of what is on the screen: computed again by the server, kept, replayable. */
export function ShareSweep({ part, title }: { readonly part: SweepPart | undefined; readonly title: string }) {
  return (
    <Popover
      label="Share"
      align="end"
      trigger={(trigger) => (
        <Button
          title={part === undefined ? "Run it first" : "Store as a finding"}
          disabled={part === undefined}
          {...trigger}
        >
          Share
        </Button>
      )}
    >
      {(close) => (part === undefined ? null : <ShareForm part={part} suggestion={title} close={close} />)}
    </Popover>
  );
}

/** The longest path that a finding takes. */
const LONGEST_PATH = 8000;

function ShareForm({
  part,
  suggestion,
  close,
}: {
  readonly part: SweepPart;
  readonly suggestion: string;
  close(): void;
}) {
  const [title, setTitle] = useState(suggestion.slice(0, 120));
  const [note, setNote] = useState("");
  const { state, call } = useApi<{ readonly id: string }>();
  async function share() {
    const { pathname, search } = locationStore().getState();
    const path = pathname + search;
    const stored = await call((signal) =>
      api.createSnapshot({
        body: {
          title: title.trim(),
          ...(note.trim() === "" ? {} : { note: note.trim() }),
          // Many pasted prompts do not fit an address; the request in the part has them all.
          view: { room: "sweeps", path: path.length > LONGEST_PATH ? "/sweeps" : path },
          parts: [part],
        },
        signal,
      }),
    );
    if (stored !== undefined) await copyText(`${window.location.origin}/s/${stored.id}`, "Link");
  }
  if (state.status === "ready") {
    const path = `/s/${state.value.id}`;
    return (
      <div className={menu.share}>
        <p>Stored. The link is on your clipboard:</p>
        <Link href={path} className="mono" onClick={close}>
          {path}
        </Link>
        <p className="quiet">Numbers, request and recipe are kept as they are now; opening it can replay them.</p>
        <Button onClick={() => void copyText(window.location.origin + path, "Link")}>Copy again</Button>
      </div>
    );
  }
  return (
    <form
      className={menu.share}
      onSubmit={(event) => {
        event.preventDefault();
        void share();
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
      <p className="quiet">Computed again by the server and kept.</p>
      {state.status === "failed" && <ErrorState inline problem={state.problem} />}
      <Button type="submit" kind="primary" disabled={state.status === "pending"}>
        {state.status === "pending" ? "Storing…" : "Store and copy link"}
      </Button>
    </form>
  );
}
