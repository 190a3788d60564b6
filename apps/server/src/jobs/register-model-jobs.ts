import type { ModelService, WorkContext } from "@patchbay/analysis";
import { JobKind, JobRequest, type JobRequestOf } from "@patchbay/contract";
import type { JobQueue } from "@patchbay/store";
import { PatchbayError } from "@patchbay/vocabulary";
import type { ModelDirectory } from "../services.ts";

type Work<Kind extends JobKind> = (
  model: ModelService,
  request: JobRequestOf<Kind>,
  context: WorkContext,
) => Promise<object>;

const WORK: { readonly [Kind in JobKind]: Work<Kind> } = {
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
  "dictionary-quality": (model, request, context) => model.dictionaries.measure(request, context),
  "unit-index": (model, request, context) => model.units.index(request, context),
  "train-dictionary": (model, request, context) => model.dictionaries.train(request, context),
  "dark-matter": (model, request, context) => model.dictionaries.darkMatter(request, context),
  rewrite: (model, request, context) => model.dictionaries.rewrite(request, context),
};

/**
 * Jobs have a slot of their own beside the fair queue: the engine takes turns between blocks, so a long job delays a
 * person's request by a block, not by the job.
 */
export function registerModelJobs(jobs: JobQueue, models: ModelDirectory): void {
  for (const kind of JobKind.options) registerKind(jobs, models, kind);
}

function registerKind<Kind extends JobKind>(jobs: JobQueue, models: ModelDirectory, kind: Kind): void {
  const work: Work<Kind> = WORK[kind];
  jobs.register(kind, async (stored, { signal, progress }) => {
    const request = JobRequest.safeParse(stored);
    if (!request.success || !isOfKind(request.data, kind)) {
      throw new PatchbayError("invalid-request", "The job was made by a version with other settings.", {
        advice: "Start it again.",
      });
    }
    return work(await models.get(request.data.model), request.data, { signal, progress });
  });
}

function isOfKind<Kind extends JobKind>(request: JobRequest, kind: Kind): request is JobRequestOf<Kind> {
  return request.kind === kind;
}
