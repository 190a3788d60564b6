import { type ReactNode, useId } from "react";
import styles from "./ui.module.css";

/** A label, its control and, below, what is wrong or how it is meant. */
export function Field({
  label,
  hint,
  error,
  children,
}: {
  readonly label: string;
  readonly hint?: ReactNode;
  readonly error?: string | undefined;
  children(props: { readonly id: string; readonly "aria-describedby": string }): ReactNode;
}) {
  const id = useId();
  const noteId = `${id}-note`;
  return (
    <div className={styles.field} data-invalid={error !== undefined}>
      <label htmlFor={id}>{label}</label>
      {children({ id, "aria-describedby": noteId })}
      <p id={noteId}>{error ?? hint}</p>
    </div>
  );
}
