/** The runs of one question about one dictionary, newest first, and the one that is looked at. */
import type { Job, JobKind } from "@patchbay/contract";
import { useCallback, useEffect } from "react";
import { api, useApi } from "../../shell/api.ts";
import { forgetResources, useResource } from "../../shell/resource.ts";
import type { ProblemFacts } from "../../shell/ui/ErrorState.tsx";
import type { Query, QueryChange } from "../common/query.ts";
import { isFinished, useWatchedJob } from "../common/use-watched-job.ts";
import type { JobRequest } from "../common/wire.ts";

export interface Runs {
  readonly listed: readonly Job[];
  /** Which is shown, as new as it is known: the one in the address, or the newest. */
  readonly shown: Job | undefined;
  readonly loading: boolean;
  readonly starting: boolean;
  readonly refusal: ProblemFacts | undefined;
  readonly connection: ProblemFacts | undefined;
  /** Starts (or finds) the job and shows it. */
  start(request: JobRequest): Promise<void>;
  show(id: string): void;
}

const KEY = "jobs:runs";

/** `change` is what else must leave the address when a run is shown. */
export function useRuns(
  kind: JobKind,
  fits: (request: JobRequest) => boolean,
  query: Query,
  change: QueryChange = {},
): Runs {
  const list = useResource(`${KEY}:${kind}`, (signal) => api.listJobs({ signal }));
  const started = useApi<Job>();
  const asked = query.get("job");
  const listed = (list.state.value?.jobs ?? []).filter(({ request }) => request.kind === kind && fits(request));
  const chosen = listed.find(({ id }) => id === asked) ?? (asked === undefined ? listed[0] : undefined);
  // A job of the address need not be in the list, which ends somewhere.
  const id = chosen?.id ?? asked;
  const watched = useWatchedJob(chosen !== undefined && isFinished(chosen) ? undefined : id);
  const shown = watched.job ?? chosen;
  const { reload } = list;
  useEffect(() => {
    if (watched.job === undefined || !isFinished(watched.job)) return;
    forgetResources(KEY);
    reload();
  }, [watched.job, reload]);
  const show = useCallback((next: string) => query.set({ ...change, job: next }), [query.set, change]);
  const start = async (request: JobRequest) => {
    const job = await started.call((signal) => api.createJob({ body: request, signal }));
    if (job === undefined) return;
    forgetResources(KEY);
    reload();
    show(job.id);
  };
  return {
    listed,
    shown,
    loading: list.state.status === "pending" && list.state.value === undefined,
    starting: started.state.status === "pending",
    refusal:
      started.state.status === "failed"
        ? started.state.problem
        : list.state.status === "failed"
          ? list.state.problem
          : undefined,
    connection: watched.problem,
    start,
    show,
  };
}
