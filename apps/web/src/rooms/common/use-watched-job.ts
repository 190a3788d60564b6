/** One job followed to its end: the events of the server, and again after a broken connection. */
import type { Job } from "@patchbay/contract";
import { useEffect, useState } from "react";
import { api, isAborted, problemOf } from "../../shell/api.ts";
import type { ProblemFacts } from "../../shell/ui/ErrorState.tsx";

const RECONNECT_MILLISECONDS = 1500;

export interface WatchedJob {
  readonly job: Job | undefined;
  readonly problem: ProblemFacts | undefined;
}

export function useWatchedJob(id: string | undefined, onChange?: (job: Job) => void): WatchedJob {
  const [watched, setWatched] = useState<WatchedJob>({ job: undefined, problem: undefined });
  // biome-ignore lint/correctness/useExhaustiveDependencies: a new listener is no reason to connect again
  useEffect(() => {
    setWatched({ job: undefined, problem: undefined });
    if (id === undefined) return undefined;
    const control = new AbortController();
    void follow(id, control.signal, (job, problem) => {
      setWatched((known) => ({ job: job ?? known.job, problem }));
      if (job !== undefined) onChange?.(job);
    });
    return () => control.abort();
  }, [id]);
  return watched;
}

export function isFinished({ state }: Job): boolean {
  return state === "done" || state === "failed" || state === "cancelled";
}

async function follow(
  id: string,
  signal: AbortSignal,
  report: (job: Job | undefined, problem: ProblemFacts | undefined) => void,
): Promise<void> {
  while (!signal.aborted) {
    try {
      for await (const job of api.watchJob(id, { signal })) {
        report(job, undefined);
        if (isFinished(job)) return;
      }
    } catch (error) {
      if (signal.aborted || isAborted(error)) return;
      report(undefined, problemOf(error));
    }
    await new Promise((resolve) => setTimeout(resolve, RECONNECT_MILLISECONDS));
  }
}
