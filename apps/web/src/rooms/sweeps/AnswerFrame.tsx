/** What stands around an answer of this room: progress, failure, age, and the first invitation. */
import type { SweepQuestionKind } from "@patchbay/workbench-state";
import type { ReactNode } from "react";
import { Button } from "../../shell/ui/Button.tsx";
import { ErrorState } from "../../shell/ui/ErrorState.tsx";
import { ProgressBar } from "../common/ProgressBar.tsx";
import styles from "./Sweeps.module.css";
import type { Asking } from "./use-asking.ts";

type AnyAsking = Asking<"sweep"> | Asking<"attributeEdges"> | Asking<"attributeTokens">;

/** An answer that may be to an older question: dimmed, and said. */
export function Stale({
  asking,
  shown = false,
  children,
}: {
  readonly asking: AnyAsking;
  /** Whether what stands here is the new question's already. */
  readonly shown?: boolean;
  readonly children: ReactNode;
}) {
  const old = asking.answered !== undefined && !asking.isCurrent && !shown && asking.state.status !== "cancelled";
  return (
    <>
      {old && asking.state.status !== "pending" && (
        <p className={styles.notice} role="status">
          The question has changed since this was computed: Run asks it.
        </p>
      )}
      <div data-stale={old} className={styles.answer}>
        {children}
      </div>
    </>
  );
}

/** How far a question is, why it was not answered, or that it was cancelled. */
export function Progress({ asking, onRetry }: { readonly asking: AnyAsking; onRetry(): void }) {
  const { state } = asking;
  if (state.status === "failed")
    return <ErrorState inline problem={state.problem} action={<Button onClick={onRetry}>Try again</Button>} />;
  if (state.status === "cancelled")
    return <p className={styles.notice}>Cancelled; what had come by then stands below.</p>;
  if (state.status !== "pending") return null;
  const fraction = state.progress?.fraction ?? 0;
  return (
    <div className={styles.progress} role="status">
      <ProgressBar value={fraction} label="Question" />
      <span>
        {state.progress?.message ?? "Asking …"} <span className="quiet">{Math.round(fraction * 100)} %</span>
      </span>
    </div>
  );
}

const INVITATIONS: Readonly<Record<SweepQuestionKind, string>> = {
  sweep:
    "Put values of one run into another, one place at a time, and see what carries the answer. The example is ready: who gets the ball, with the names' roles exchanged.",
  edges:
    "Score every edge between heads, MLPs, input and logits by gradients, then check the largest by really changing them.",
  tokens: "Split the metric over the input tokens by gradients at their embeddings.",
};

/** Before the first run: what the question is good for. */
export function Invitation({
  question,
  onRun,
  disabled,
}: {
  readonly question: SweepQuestionKind;
  onRun(): void;
  readonly disabled: boolean;
}) {
  return (
    <div className={styles.invitation}>
      <p>{INVITATIONS[question]}</p>
      <Button onClick={onRun} disabled={disabled}>
        Run this question
      </Button>
    </div>
  );
}
