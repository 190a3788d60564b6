import { type Job, JobRequest } from "@patchbay/contract";
import type { JobRecord } from "@patchbay/store";

/** A stored job as it stands on the wire. */
export function jobView(job: JobRecord): Job {
  return {
    id: job.id,
    request: JobRequest.parse(job.request),
    state: job.state,
    progress: job.progress,
    message: job.message,
    createdAt: job.createdAt.toISOString(),
    startedAt: job.startedAt?.toISOString() ?? null,
    finishedAt: job.finishedAt?.toISOString() ?? null,
    result: job.result ?? null,
    problem: job.problem ?? null,
  };
}
