import type { ReactNode } from "react";
import type { ApiState } from "../../shell/api.ts";
import { Button } from "../../shell/ui/Button.tsx";
import { ErrorState } from "../../shell/ui/ErrorState.tsx";
import styles from "./common.module.css";

/**
 * The four faces of a call. An older answer stays, dimmed, while a newer one comes; a failure stands in the place of the
 * answer and can be tried again.
 */
export function Answer<Value>({
  state,
  skeleton,
  onRetry,
  inline = false,
  children,
}: {
  readonly state: ApiState<Value>;
  readonly skeleton: ReactNode;
  readonly onRetry?: () => void;
  readonly inline?: boolean;
  children(value: Value): ReactNode;
}) {
  const retry = onRetry === undefined ? undefined : <Button onClick={onRetry}>Try again</Button>;
  switch (state.status) {
    case "ready":
      return children(state.value);
    case "failed":
      return <ErrorState problem={state.problem} action={retry} inline={inline} />;
    case "cancelled":
      if (state.value !== undefined) return children(state.value);
      return (
        <div className={styles.cancelled} role="status">
          Cancelled before an answer came. {retry}
        </div>
      );
    default:
      if (state.value === undefined) return <div aria-busy="true">{skeleton}</div>;
      return (
        <div className={styles.stale} aria-busy="true">
          {children(state.value)}
        </div>
      );
  }
}
