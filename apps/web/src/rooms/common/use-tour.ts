import type { SnapshotList, SnapshotSummary } from "@patchbay/contract";
import { api } from "../../shell/api.ts";
import { useResource } from "../../shell/resource.ts";

/** Findings that come with Patchbay, in the order of the tour; empty until they are known. */
export function useTour(): readonly SnapshotSummary[] {
  const { state } = useResource<SnapshotList>("tour", (signal) => api.listSnapshots({ query: { limit: 1 }, signal }));
  return state.value?.tour ?? [];
}
