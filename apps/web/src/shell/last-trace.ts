/** Where the Trace room was when it was left, so that the rail leads back to it and not to a first visit. */
import { type TraceView, tracePath } from "@patchbay/workbench-state";
import { useStore } from "zustand";
import { createStore } from "zustand/vanilla";

const store = createStore<{ readonly path: string }>(() => ({ path: "/" }));

export function rememberTrace(view: TraceView): void {
  store.setState({ path: tracePath(view) });
}

export function useLastTracePath(): string {
  return useStore(store, ({ path }) => path);
}
