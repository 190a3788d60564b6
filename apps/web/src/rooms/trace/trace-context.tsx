"use client";

import { createTraceStore, type TraceStore, type TraceView } from "@patchbay/workbench-state";
import { createContext, type ReactNode, useContext, useEffect, useState } from "react";
import { useStore } from "zustand";
import { rememberTrace } from "../../shell/last-trace.ts";
import { locationStore } from "../../shell/location.ts";

const TraceContext = createContext<TraceStore | undefined>(undefined);

/** The room's store, made from the address when the room opens. */
export function TraceProvider({ children }: { readonly children: ReactNode }) {
  const [store, setStore] = useState<TraceStore | undefined>(undefined);
  useEffect(() => {
    const created = createTraceStore(locationStore());
    setStore(created);
    const stop = created.subscribe(({ view }) => rememberTrace(view));
    return () => {
      stop();
      created.dispose();
    };
  }, []);
  return store === undefined ? null : <TraceContext value={store}>{children}</TraceContext>;
}

export function useTraceStore(): TraceStore {
  const store = useContext(TraceContext);
  if (store === undefined) throw new Error("The Trace room's store is used outside the room.");
  return store;
}

export function useView(): TraceView {
  return useStore(useTraceStore(), ({ view }) => view);
}
