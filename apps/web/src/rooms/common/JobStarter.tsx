/** A job that a view waits for: the button that starts it, its progress, its end. */
import type { Job, JobRequest } from "@patchbay/contract";
import { useEffect, useState } from "react";
import { api, useApi } from "../../shell/api.ts";
import { useResource } from "../../shell/resource.ts";
import { Button } from "../../shell/ui/Button.tsx";
import { ErrorState } from "../../shell/ui/ErrorState.tsx";
import styles from "./common.module.css";
import { ProgressBar } from "./ProgressBar.tsx";
import { isFinished, useWatchedJob } from "./use-watched-job.ts";

/** Kinds that need nothing but a model. */
type ModelJobKind = Extract<
  JobRequest["kind"],
  "neuron-map" | "reference-statistics" | "unit-index" | "dictionary-quality"
>;

export function JobStarter({
  kind,
  model,
  title,
  onDone,
}: {
  readonly kind: ModelJobKind;
  readonly model: string;
  readonly title: string;
  readonly onDone: () => void;
}) {
  const [id, setId] = useState<string>();
  const started = useApi<Job>();
  const known = useResource(`jobs:running:${kind}:${model}`, (signal) => api.listJobs({ signal }));
  const running = known.state.value?.jobs.find(
    (job) => job.request.kind === kind && job.request.model === model && !isFinished(job),
  );
  const { job, problem } = useWatchedJob(id ?? running?.id, (changed) => {
    if (changed.state === "done") onDone();
  });
  const finished = started.state.value;
  // A job that was done long ago answers at once, and has no events to come.
  useEffect(() => {
    if (finished?.state === "done") onDone();
  }, [finished, onDone]);

  const start = () =>
    started.call((signal) => api.createJob({ body: { kind, model }, signal })).then((made) => setId(made?.id));
  if (started.state.status === "failed") {
    return <ErrorState inline problem={started.state.problem} action={<Button onClick={start}>Try again</Button>} />;
  }
  if (job === undefined || job.state === "cancelled") {
    return (
      <div className={styles.job}>
        {job?.state === "cancelled" && <p role="status">The job was cancelled; nothing is lost, it can start again.</p>}
        <span>
          <Button kind="primary" onClick={start} disabled={started.state.status === "pending"}>
            {title}
          </Button>
        </span>
      </div>
    );
  }
  if (job.state === "failed") {
    return (
      <ErrorState
        inline
        problem={{
          title: "The job failed",
          detail: job.problem?.detail ?? job.message,
          ...(job.problem && { code: job.problem.code }),
        }}
        action={<Button onClick={start}>Try again</Button>}
      />
    );
  }
  return (
    <div className={styles.job} aria-live="polite">
      <div className={styles.jobLine}>
        <span>{problem === undefined ? job.message : "Connecting again …"}</span>
        <span>{Math.round(job.progress * 100)} %</span>
      </div>
      <ProgressBar value={job.progress} label={title} />
      <span>
        <Button kind="bare" onClick={() => void api.cancelJob({ params: { id: job.id } })}>
          Cancel
        </Button>
      </span>
    </div>
  );
}
