import styles from "./Toasts.module.css";
import { dismissToast, useToasts } from "./toasts.ts";

export function Toasts() {
  const toasts = useToasts();
  return (
    <div className={styles.region} role="status" aria-live="polite">
      {toasts.map(({ id, content, kind }) => (
        <div key={id} className={styles.toast} data-kind={kind}>
          <span>{content}</span>
          <button type="button" aria-label="Dismiss" onClick={() => dismissToast(id)}>
            ×
          </button>
        </div>
      ))}
    </div>
  );
}
