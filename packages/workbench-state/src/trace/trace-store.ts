/**
 * The view as a store, tied to the address. The view leads: a change is written to the address, at once as a new entry of
 * the history (a step that "back" should undo) or a moment later in place of the present one (walking, dragging).
 */
import { createStore, type StoreApi } from "zustand/vanilla";
import type { LocationStore } from "../location-store.ts";
import { decodeTraceView } from "./decode-view.ts";
import { encodeTraceView } from "./encode-view.ts";
import type { TraceView } from "./trace-view.ts";

export interface TraceState {
  readonly view: TraceView;
  /** What the address held that was not understood. */
  readonly notices: readonly string[];
}

export interface TraceStore extends StoreApi<TraceState> {
  /** `step`: back undoes it. */
  update(
    change: Partial<TraceView> | ((view: TraceView) => Partial<TraceView>),
    options?: { readonly step?: boolean },
  ): void;
  dismissNotices(): void;
  dispose(): void;
}

/** Browsers refuse more than about a hundred changes of the address in half a minute. */
const SETTLE_MILLISECONDS = 250;

export function createTraceStore(location: LocationStore): TraceStore {
  const store = createStore<TraceState>(() => decodeTraceView(location.getState().search));
  let written = location.getState().search;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function write(replace: boolean) {
    clearTimeout(timer);
    timer = undefined;
    if (location.getState().pathname !== "/") return;
    written = encodeTraceView(store.getState().view);
    location.navigate(`/${written}`, { replace });
  }

  const stop = location.subscribe(({ pathname, search }) => {
    if (pathname !== "/" || search === written) return;
    clearTimeout(timer);
    timer = undefined;
    written = search;
    store.setState(decodeTraceView(search), true);
  });

  return {
    ...store,
    update(change, { step = false } = {}) {
      const { view } = store.getState();
      const next = { ...view, ...(typeof change === "function" ? change(view) : change) };
      // A pending replacement belongs to the entry that the step leaves behind.
      if (step && timer !== undefined) write(true);
      store.setState({ view: next });
      if (step) write(false);
      else {
        clearTimeout(timer);
        timer = setTimeout(() => write(true), SETTLE_MILLISECONDS);
      }
    },
    dismissNotices: () => store.setState({ notices: [] }),
    dispose() {
      if (timer !== undefined) write(true);
      stop();
    },
  };
}
