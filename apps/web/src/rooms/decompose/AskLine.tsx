import type { QuestionName } from "@patchbay/contract";
import { Button } from "../../shell/ui/Button.tsx";
import { ProgressBar } from "../common/ProgressBar.tsx";
import type { QuestionState } from "../common/use-question.ts";
import styles from "./Decompose.module.css";

/** The button that asks, how far the answer is, and the way to stop it. */
export function AskLine<Name extends QuestionName>({
  label,
  state,
  disabled,
  onCancel,
}: {
  readonly label: string;
  readonly state: QuestionState<Name>;
  /** Why it cannot be asked yet. */
  readonly disabled?: string | undefined;
  onCancel(): void;
}) {
  const pending = state.status === "pending";
  return (
    <div className={styles.askLine}>
      <Button type="submit" kind="primary" disabled={disabled !== undefined} title={disabled ?? "Control-Enter"}>
        {label}
      </Button>
      {pending && (
        <>
          <Button onClick={onCancel}>Cancel</Button>
          <div className={styles.progress} role="status">
            <ProgressBar value={state.progress?.fraction ?? 0} label={label} />
            <span>{state.progress?.message ?? "Asking …"}</span>
          </div>
        </>
      )}
      {!pending && disabled !== undefined && <span className="quiet">{disabled}</span>}
    </div>
  );
}
