import { useEffect, useId, useState } from "react";
import styles from "./Sweeps.module.css";

/** Further prompts, pasted a line each; results become means with intervals. */
export function ExamplesField({
  text,
  pairs,
  count,
  onCommit,
}: {
  readonly text: string;
  readonly pairs: boolean;
  readonly count: number;
  onCommit(text: string): void;
}) {
  const id = useId();
  const [draft, setDraft] = useState(text);
  useEffect(() => setDraft(text), [text]);
  return (
    <details className={styles.group} open={text !== ""}>
      <summary>{count === 0 ? "More prompts (mean and interval)" : `${count} more prompts`}</summary>
      <label htmlFor={id} className="visually-hidden">
        Further prompts
      </label>
      <textarea
        id={id}
        className={`mono ${styles.examples}`}
        rows={5}
        spellCheck={false}
        placeholder={pairs ? "clean⇥corrupted⇥token⇥minus" : "one prompt a line"}
        value={draft}
        onChange={(event) => setDraft(event.target.value)}
        onBlur={() => draft !== text && onCommit(draft)}
        onKeyDown={(event) => {
          // A tab is what stands between the columns; Shift-Tab still leaves.
          if (event.key !== "Tab" || event.shiftKey) return;
          event.preventDefault();
          const { selectionStart, selectionEnd } = event.currentTarget;
          setDraft(`${draft.slice(0, selectionStart)}\t${draft.slice(selectionEnd)}`);
        }}
      />
      <p className="quiet">
        {pairs
          ? "One pair a line, a tab between clean and corrupted; a third and a fourth column are its own tokens."
          : "One prompt a line. All are read by the same metric."}
      </p>
    </details>
  );
}
