import { type KeyboardEvent, useEffect, useState } from "react";
import styles from "./Sweeps.module.css";

/** A line of text that takes effect on Enter or when it is left. */
export function DraftField({
  label,
  value,
  onCommit,
  onEnter,
}: {
  readonly label: string;
  readonly value: string;
  onCommit(value: string): void;
  onEnter?(): void;
}) {
  const [draft, setDraft] = useState(value);
  useEffect(() => setDraft(value), [value]);
  const commit = () => draft !== value && onCommit(draft);
  const onKeyDown = (event: KeyboardEvent) => {
    if (event.key === "Enter") {
      commit();
      onEnter?.();
    } else if (event.key === "Escape") setDraft(value);
    else return;
    event.preventDefault();
  };
  return (
    <label className={styles.draft}>
      <span>{label}</span>
      <input
        className="mono"
        spellCheck={false}
        value={draft}
        onChange={(event) => setDraft(event.target.value)}
        onBlur={commit}
        onKeyDown={onKeyDown}
      />
    </label>
  );
}
