import type { JobRecord } from "@patchbay/store";
import { PatchbayError } from "@patchbay/vocabulary";
import { eventStream } from "../http/event-stream.ts";
import { createModelJob } from "../jobs/create-model-job.ts";
import { jobView } from "../jobs/job-view.ts";
import type { Services } from "../services.ts";
import type { HandlersOf } from "./handler.ts";

type Names = "createJob" | "listJobs" | "getJob" | "cancelJob" | "pauseJob" | "resumeJob" | "watchJob";

export function jobHandlers(services: Services): HandlersOf<Names> {
  const { store, models, log } = services;
  const jobs = async () => (await store()).jobs;
  return {
    async createJob({ body }) {
      return jobView(await createModelJob(await jobs(), await models.get(body.model), body));
    },
    async listJobs() {
      return { jobs: (await (await jobs()).list()).map(jobView) };
    },
    getJob: async ({ params }) => jobView(found(await (await jobs()).get(params.id), params.id)),
    cancelJob: async ({ params }) => jobView(found(await (await jobs()).cancel(params.id), params.id)),
    pauseJob: async ({ params }) => jobView(found(await (await jobs()).pause(params.id), params.id)),
    resumeJob: async ({ params }) => jobView(found(await (await jobs()).resume(params.id), params.id)),
    async watchJob({ params, signal: outer, accepts }) {
      const queue = await jobs();
      const first = found(await queue.get(params.id), params.id);
      if (!accepts("text/event-stream") && accepts("application/json")) return jobView(first);
      const leave = new AbortController();
      const signal = AbortSignal.any([outer, leave.signal]);
      return eventStream(
        async (send) => {
          for await (const job of queue.watch(params.id, signal)) send("job", jobView(job));
        },
        {
          stop: () => leave.abort(),
          failed(error) {
            log(`watching job ${params.id} failed: ${error instanceof Error ? error.stack : String(error)}`);
            return undefined;
          },
        },
      );
    },
  };
}

function found(job: JobRecord | undefined, id: string): JobRecord {
  if (job !== undefined) return job;
  throw new PatchbayError("not-found", `There is no job "${id}".`, { advice: "GET /api/v1/jobs lists all jobs." });
}
