import type { ModelService } from "@patchbay/analysis";
import type { JobKind, JobRequest } from "@patchbay/contract";
import type { JobQueue, JobRecord } from "@patchbay/store";
import { contentHash } from "../content-hash.ts";
import { jobDependencies } from "./job-dependencies.ts";

/** Jobs that nobody waits for run after those that somebody asked for. */
export const BACKGROUND_PRIORITY = 10;

/** What a kind of job reads, and which job makes it. A job runs after those it needs, because they are queued before it. */
const NEEDS: Partial<Record<JobKind, readonly ("neuron-map" | "reference-statistics")[]>> = {
  "specialised-neurons": ["neuron-map", "reference-statistics"],
};

/**
 * Starts a job, or answers with the one that is queued, running, paused or done for the same model, settings and
 * dictionaries.
 */
export async function createModelJob(
  jobs: JobQueue,
  model: ModelService,
  request: JobRequest,
  priority = 0,
): Promise<JobRecord> {
  for (const kind of NEEDS[request.kind] ?? []) {
    await createModelJob(jobs, model, { kind, model: request.model }, priority - 1);
  }
  const { key, again } = await jobDependencies(model, request);
  const { model: _, ...settings } = request;
  const { job } = await jobs.create({
    kind: request.kind,
    contentKey: contentHash({ ...settings, ...key, modelHash: model.hash }),
    request,
    priority,
    again,
  });
  return job;
}
