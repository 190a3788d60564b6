import type { ModelService, WorkContext } from "@patchbay/analysis";
import { JobKind, JobRequest } from "@patchbay/contract";
import type { JobQueue } from "@patchbay/store";
import type { ModelDirectory } from "../services.ts";

type Work = (model: ModelService, request: JobRequest, context: WorkContext) => Promise<object>;

const WORK: Record<JobKind, Work> = {
  "neuron-map": (model, _, context) => model.computeNeuronMap(context),
  "reference-statistics": (model, _, context) => model.computeReferenceStatistics(context),
  "specialised-neurons": (model, { prompt, place, multiple }, context) =>
    model.testSpecialisedNeurons(
      {
        ...(prompt === undefined ? {} : { prompt }),
        ...(place === undefined ? {} : { place }),
        ...(multiple === undefined ? {} : { multiple }),
      },
      context,
    ),
};

/**
 * Jobs have a slot of their own beside the fair queue: the engine takes turns between blocks, so a long job delays a
 * person's request by a block, not by the job.
 */
export function registerModelJobs(jobs: JobQueue, models: ModelDirectory): void {
  for (const kind of JobKind.options) {
    jobs.register(kind, async (stored, { signal, progress }) => {
      const request = JobRequest.parse(stored);
      return WORK[kind](await models.get(request.model), request, { signal, progress });
    });
  }
}
