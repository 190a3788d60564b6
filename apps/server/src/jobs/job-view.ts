import type { Job, JobRequest } from "@patchbay/contract";
import type { JobRecord } from "@patchbay/store";

/** A stored job as it stands on the wire. */
export function jobView(job: JobRecord): Job {
  return {
    id: job.id,
    // Not parsed: it was checked when it came, and a list must show jobs of versions that had other settings.
    request: job.request as JobRequest,
    state: job.state,
    progress: job.progress,
    message: job.message,
    details: job.details ?? null,
    createdAt: job.createdAt.toISOString(),
    startedAt: job.startedAt?.toISOString() ?? null,
    finishedAt: job.finishedAt?.toISOString() ?? null,
    result: job.result ?? null,
    problem: job.problem ?? null,
  };
}
