/** One request as a job: found again if it runs already, started when asked for, followed to its end. */
import type { Job, JobRequest } from "@patchbay/contract";
import { useCallback, useEffect, useRef, useState } from "react";
import { api, useApi } from "../../shell/api.ts";
import { useResource } from "../../shell/resource.ts";
import type { ProblemFacts } from "../../shell/ui/ErrorState.tsx";
import { isFinished, useWatchedJob } from "../common/use-watched-job.ts";
import { sameRequest } from "./job-settings.ts";

export interface RequestedJob {
  readonly job: Job | undefined;
  readonly starting: boolean;
  /** Why it could not be started, or why no news of it comes. */
  readonly refusal: ProblemFacts | undefined;
  readonly connection: ProblemFacts | undefined;
  start(): Promise<void>;
}

/** `onDone` is told once for each job that ends well, also where the server had the answer already. */
export function useJobRequest(request: JobRequest, onDone: (job: Job) => void): RequestedJob {
  const [id, setId] = useState<string>();
  const call = useApi<Job>();
  const key = JSON.stringify(request);
  const known = useResource(`jobs:request:${key}`, (signal) => api.listJobs({ signal }));
  const running = known.state.value?.jobs.find((job) => !isFinished(job) && sameRequest(job.request, request));
  const watched = useWatchedJob(id ?? running?.id);
  const told = useRef<string>(undefined);
  const { job } = watched;
  const latest = useRef(onDone);
  latest.current = onDone;
  useEffect(() => {
    if (job?.state !== "done" || told.current === job.id) return;
    told.current = job.id;
    latest.current(job);
  }, [job]);
  const start = useCallback(async () => {
    const made = await call.call((signal) => api.createJob({ body: JSON.parse(key) as JobRequest, signal }));
    // A job that is done already still has its last event to give.
    if (made !== undefined) setId(made.id);
  }, [call.call, key]);
  return {
    job,
    starting: call.state.status === "pending",
    refusal: call.state.status === "failed" ? call.state.problem : undefined,
    connection: watched.problem,
    start,
  };
}
