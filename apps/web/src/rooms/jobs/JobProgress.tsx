import type { Job } from "@patchbay/contract";
import { Button } from "../../shell/ui/Button.tsx";
import { ErrorState, type ProblemFacts } from "../../shell/ui/ErrorState.tsx";
import { ProgressBar } from "../common/ProgressBar.tsx";
import { JobControls } from "./JobControls.tsx";
import styles from "./Jobs.module.css";
import { jobTitle } from "./job-kinds.ts";

/** A job on its way, or how it ended badly; nothing once it is done. */
export function JobProgress({
  job,
  connection,
  onAgain,
  onChange,
}: {
  readonly job: Job;
  /** Why no news comes, while it is so. */
  readonly connection?: ProblemFacts | undefined;
  readonly onAgain?: () => void;
  readonly onChange?: (job: Job) => void;
}) {
  const again = onAgain === undefined ? undefined : <Button onClick={onAgain}>Start again</Button>;
  switch (job.state) {
    case "done":
      return null;
    case "failed":
      return (
        <ErrorState
          inline
          problem={{
            title: `${jobTitle(job.request.kind)} failed`,
            detail: job.problem?.detail ?? job.message,
            ...(job.problem !== null && { code: job.problem.code }),
          }}
          action={again}
        />
      );
    case "cancelled":
      return (
        <p className={styles.progressLine} role="status">
          Cancelled at {Math.round(job.progress * 100)} %. {again}
        </p>
      );
    default:
      return (
        <div className={styles.progress} data-state={job.state}>
          <div className={styles.progressLine} aria-live="polite">
            <b>{job.state}</b>
            <span>{connection === undefined ? job.message : "Connecting again …"}</span>
            <span className={styles.space} />
            <span>{Math.round(job.progress * 100)} %</span>
            <JobControls job={job} {...(onChange && { onChange })} />
          </div>
          <ProgressBar value={job.progress} label={jobTitle(job.request.kind)} />
        </div>
      );
  }
}
