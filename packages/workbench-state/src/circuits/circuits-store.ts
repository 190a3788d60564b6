/**
 * The room's view as a store, tied to the address, with undo for what people put on a graph. Where the annotations make the
 * address too long they stay out of it, and `overflows` says that the graph should be stored instead.
 */
import type { CircuitView } from "@patchbay/circuit-graph";
import { createStore, type StoreApi } from "zustand/vanilla";
import type { LocationStore } from "../location-store.ts";
import { type CircuitsView, NO_ANNOTATIONS } from "./circuits-view.ts";
import { decodeCircuitsView } from "./decode-circuits.ts";
import { encodeCircuitsView, LONGEST_ADDRESS } from "./encode-circuits.ts";

export interface CircuitsState {
  readonly view: CircuitsView;
  readonly notices: readonly string[];
  /** Whether the annotations are the reader's, not those of the document that was opened. */
  readonly annotated: boolean;
  readonly past: readonly CircuitView[];
  readonly future: readonly CircuitView[];
  readonly overflows: boolean;
}

export interface CircuitsStore extends StoreApi<CircuitsState> {
  /** `step`: back undoes it. */
  update(change: Partial<CircuitsView>, options?: { readonly step?: boolean }): void;
  /** Changes the annotations; `undo` takes it back. */
  edit(change: (annotations: CircuitView) => CircuitView): void;
  /** Changes the annotations without an entry for undo: sliders, the selected node. */
  adjust(change: (annotations: CircuitView) => CircuitView): void;
  /** Another graph: its own annotations, and nothing to undo. */
  begin(annotations: CircuitView): void;
  undo(): void;
  redo(): void;
  dismissNotices(): void;
  dispose(): void;
}

const PATH = "/circuits";
/** Browsers refuse more than about a hundred changes of the address in half a minute. */
const SETTLE_MILLISECONDS = 250;
const KEPT_STEPS = 200;

export function createCircuitsStore(location: LocationStore): CircuitsStore {
  const store = createStore<CircuitsState>(() => arrive(location.getState().search));
  let written = location.getState().search;
  let timer: ReturnType<typeof setTimeout> | undefined;

  function write(replace: boolean) {
    clearTimeout(timer);
    timer = undefined;
    if (location.getState().pathname !== PATH) return;
    const { view } = store.getState();
    const whole = encodeCircuitsView(view);
    const overflows = whole.length > LONGEST_ADDRESS;
    const { thresholds } = view.annotations;
    written = overflows ? encodeCircuitsView({ ...view, annotations: { ...NO_ANNOTATIONS, thresholds } }) : whole;
    if (overflows !== store.getState().overflows) store.setState({ overflows });
    location.navigate(PATH + written, { replace });
  }

  function writeSoon() {
    clearTimeout(timer);
    timer = setTimeout(() => write(true), SETTLE_MILLISECONDS);
  }

  const stop = location.subscribe(({ pathname, search }) => {
    if (pathname !== PATH || search === written) return;
    clearTimeout(timer);
    timer = undefined;
    written = search;
    store.setState(arrive(search), true);
  });

  const setAnnotations = (annotations: CircuitView, others: Partial<CircuitsState>) => {
    const { view } = store.getState();
    store.setState({ view: { ...view, annotations }, ...others });
    writeSoon();
  };

  return {
    ...store,
    update(change, { step = false } = {}) {
      // A pending replacement belongs to the entry that the step leaves behind.
      if (step && timer !== undefined) write(true);
      store.setState(({ view }) => ({ view: { ...view, ...change } }));
      if (step) write(false);
      else writeSoon();
    },
    edit(change) {
      const { view, past } = store.getState();
      const next = change(view.annotations);
      if (next === view.annotations) return;
      setAnnotations(next, { annotated: true, past: [...past.slice(-KEPT_STEPS), view.annotations], future: [] });
    },
    adjust(change) {
      const { view } = store.getState();
      const next = change(view.annotations);
      if (next !== view.annotations) setAnnotations(next, { annotated: true });
    },
    begin: (annotations) => setAnnotations(annotations, { annotated: false, past: [], future: [] }),
    undo() {
      const { view, past, future } = store.getState();
      const before = past.at(-1);
      if (before === undefined) return;
      setAnnotations(keepLooking(before, view.annotations), {
        past: past.slice(0, -1),
        future: [...future, view.annotations],
      });
    },
    redo() {
      const { view, past, future } = store.getState();
      const next = future.at(-1);
      if (next === undefined) return;
      setAnnotations(keepLooking(next, view.annotations), {
        past: [...past, view.annotations],
        future: future.slice(0, -1),
      });
    },
    dismissNotices: () => store.setState({ notices: [] }),
    dispose() {
      if (timer !== undefined) write(true);
      stop();
    },
  };
}

/** Undo is about what was put on the graph, not about where one looks now. */
function keepLooking(annotations: CircuitView, { clicked, thresholds }: CircuitView): CircuitView {
  return { ...annotations, clicked, thresholds };
}

function arrive(search: string): CircuitsState {
  const { view, annotated, notices } = decodeCircuitsView(search);
  return { view, annotated, notices, past: [], future: [], overflows: false };
}
