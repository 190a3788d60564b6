import type { ReactNode } from "react";
import styles from "./ui.module.css";

/** The parts of a problem document (RFC 9457) that people read. */
export interface ProblemFacts {
  readonly title: string;
  readonly detail: string;
  readonly code?: string;
  readonly advice?: string | undefined;
  readonly at?: string | undefined;
}

/** What failed, where, and what to do now. `inline` is for a panel, the other form for a room. */
export function ErrorState({
  problem,
  action,
  inline = false,
}: {
  readonly problem: ProblemFacts;
  readonly action?: ReactNode;
  readonly inline?: boolean;
}) {
  // The message of an engine error often ends with its advice: say it once.
  const advice = problem.advice !== undefined && !problem.detail.includes(problem.advice) ? problem.advice : undefined;
  return (
    <div className={inline ? styles.inlineProblem : styles.state} role="alert">
      {inline ? <strong>{problem.title}</strong> : <h2>{problem.title}</h2>}
      <p>{problem.detail}</p>
      {advice !== undefined && <p>{advice}</p>}
      {(problem.code !== undefined || problem.at !== undefined) && (
        <p className={styles.problemCode}>
          {[problem.code, problem.at].filter((part) => part !== undefined).join(" · ")}
        </p>
      )}
      {action}
    </div>
  );
}
