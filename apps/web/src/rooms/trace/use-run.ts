import type { RunRequest, RunResult } from "@patchbay/contract";
import { api } from "../../shell/api.ts";
import { type Resource, useResource } from "../../shell/resource.ts";

/** The answer to a run; undefined asks for nothing. The request itself is the key. */
export function useRun(request: RunRequest | undefined, delay = 0): Resource<RunResult> {
  const key = request === undefined ? undefined : runKey(request);
  return useResource(
    key,
    (signal) => {
      if (request === undefined) throw new Error("There is no request.");
      return api.run({ body: request, signal });
    },
    { delay },
  );
}

export function runKey(request: RunRequest): string {
  return `run ${JSON.stringify(request)}`;
}
