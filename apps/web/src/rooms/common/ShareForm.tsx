import { type ReactNode, useState } from "react";
import { useApi } from "../../shell/api.ts";
import { copyText } from "../../shell/clipboard.ts";
import { Link } from "../../shell/Link.tsx";
import { Button } from "../../shell/ui/Button.tsx";
import { ErrorState } from "../../shell/ui/ErrorState.tsx";
import { Field } from "../../shell/ui/Field.tsx";
import styles from "./ShareForm.module.css";

export interface ShareWords {
  readonly title: string;
  readonly note: string;
}

const LONGEST_SUGGESTION = 120;

/** Stores what is on the screen and copies its address: what every room's Share opens. */
export function ShareForm({
  suggestion,
  store,
  named = true,
  about,
  kept = "Numbers, requests and recipes are kept as they are now; opening it can replay them.",
  close,
}: {
  /** The title to begin with. */
  readonly suggestion: string;
  /** Stores, and answers with the path that opens it. */
  store(words: ShareWords, signal: AbortSignal): Promise<string>;
  /** Whether what is stored has a title and a note. */
  readonly named?: boolean;
  /** What will be stored. */
  readonly about?: ReactNode;
  /** What was stored. */
  readonly kept?: ReactNode;
  close(): void;
}) {
  const [title, setTitle] = useState(suggestion.slice(0, LONGEST_SUGGESTION));
  const [note, setNote] = useState("");
  const { state, call } = useApi<string>();
  async function share() {
    const path = await call((signal) => store({ title: title.trim(), note: note.trim() }, signal));
    if (path !== undefined) await copyText(`${location.origin}${path}`, "Link");
  }
  if (state.status === "ready") {
    const path = state.value;
    return (
      <div className={styles.share}>
        <p>Stored. The link is on your clipboard:</p>
        <Link href={path} className="mono" onClick={close}>
          {path}
        </Link>
        <p className="quiet">{kept}</p>
        <Button onClick={() => void copyText(`${location.origin}${path}`, "Link")}>Copy again</Button>
      </div>
    );
  }
  return (
    <form
      className={styles.share}
      onSubmit={(event) => {
        event.preventDefault();
        void share();
      }}
    >
      {named && (
        <>
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
        </>
      )}
      {about !== undefined && <p className="quiet">{about}</p>}
      {state.status === "failed" && <ErrorState inline problem={state.problem} />}
      <Button type="submit" kind="primary" disabled={state.status === "pending"}>
        {state.status === "pending" ? "Storing…" : "Store and copy link"}
      </Button>
    </form>
  );
}
