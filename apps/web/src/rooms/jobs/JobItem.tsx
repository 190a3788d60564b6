import type { Job } from "@patchbay/contract";
import { useEffect } from "react";
import { ErrorState } from "../../shell/ui/ErrorState.tsx";
import { Moment } from "../common/Moment.tsx";
import { ProgressBar } from "../common/ProgressBar.tsx";
import { isFinished, useWatchedJob } from "../common/use-watched-job.ts";
import { JobControls } from "./JobControls.tsx";
import { JobDetails } from "./JobDetails.tsx";
import { JobResult } from "./JobResult.tsx";
import styles from "./Jobs.module.css";
import { jobTitle } from "./job-kinds.ts";
import { jobSettings } from "./job-settings.ts";

export function JobItem({ job: listed, onChange }: { readonly job: Job; readonly onChange: (job: Job) => void }) {
  const watched = useWatchedJob(isFinished(listed) ? undefined : listed.id);
  const job = watched.job ?? listed;
  const finished = isFinished(job);
  // biome-ignore lint/correctness/useExhaustiveDependencies: a change of state is the news, not each step of progress
  useEffect(() => {
    if (watched.job !== undefined) onChange(watched.job);
  }, [watched.job?.state]);
  return (
    <article className={styles.job} data-state={job.state} aria-label={`${jobTitle(job.request.kind)}, ${job.state}`}>
      <header className={styles.jobHead}>
        <h3>{jobTitle(job.request.kind)}</h3>
        <span>{job.request.model}</span>
        <span className={styles.state}>{job.state}</span>
        <span className="quiet">{jobSettings(job.request)}</span>
        <span className={styles.space} />
        <span className="quiet">
          <Moment iso={job.createdAt} />
          {durationOf(job)}
        </span>
        {!finished && <JobControls job={job} onChange={onChange} />}
      </header>
      {!finished && (
        <div className={styles.running} aria-live="polite">
          <ProgressBar value={job.progress} label={jobTitle(job.request.kind)} />
          <span>
            {Math.round(job.progress * 100)} % {job.message}
          </span>
        </div>
      )}
      {!finished && <JobDetails job={job} />}
      {job.state === "failed" && (
        <ErrorState
          inline
          problem={{
            title: "Failed",
            detail: job.problem?.detail ?? job.message,
            ...(job.problem !== null && { code: job.problem.code }),
          }}
        />
      )}
      {job.state === "cancelled" && (
        <p className="quiet">Cancelled at {Math.round(job.progress * 100)} %. It can be started again.</p>
      )}
      {job.state === "done" && <JobResult job={job} />}
    </article>
  );
}

function durationOf({ startedAt, finishedAt }: Job): string {
  if (startedAt === null || finishedAt === null) return "";
  const seconds = (Date.parse(finishedAt) - Date.parse(startedAt)) / 1000;
  return Number.isFinite(seconds) ? ` · ${seconds < 10 ? seconds.toFixed(1) : Math.round(seconds)} s` : "";
}
