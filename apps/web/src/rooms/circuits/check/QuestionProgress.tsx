import type { QuestionName } from "@patchbay/contract";
import { Button } from "../../../shell/ui/Button.tsx";
import { ErrorState } from "../../../shell/ui/ErrorState.tsx";
import { ProgressBar } from "../../common/ProgressBar.tsx";
import type { QuestionState } from "../../common/use-question.ts";
import styles from "../Circuits.module.css";

/** How far a question is, or why it was not answered. */
export function QuestionProgress<Name extends QuestionName>({
  state,
  onRetry,
}: {
  readonly state: QuestionState<Name>;
  onRetry(): void;
}) {
  if (state.status === "failed")
    return <ErrorState inline problem={state.problem} action={<Button onClick={onRetry}>Try again</Button>} />;
  if (state.status === "cancelled") return <p className="quiet">Cancelled before an answer came.</p>;
  if (state.status !== "pending") return null;
  return (
    <div className={styles.progress} role="status">
      <ProgressBar value={state.progress?.fraction ?? 0} label="Check" />
      <span>{state.progress?.message ?? "Asking …"}</span>
    </div>
  );
}
