/** The one location store of the page, and its hooks. */
import {
  browserHistory,
  createLocationStore,
  type Location,
  type LocationStore,
  parseRoute,
} from "@patchbay/workbench-state";
import { useEffect, useMemo, useSyncExternalStore } from "react";

let store: LocationStore | undefined;

export function locationStore(): LocationStore {
  store ??= createLocationStore(browserHistory(window));
  return store;
}

export function navigate(path: string, options?: { readonly replace?: boolean }): void {
  locationStore().navigate(path, options);
}

/** Undefined while the page is built as a static file: its address is not known then. */
export function useLocation(): Location | undefined {
  return useSyncExternalStore(
    (listener) => locationStore().subscribe(listener),
    () => locationStore().getState(),
    () => undefined,
  );
}

export function useRoute() {
  const pathname = useLocation()?.pathname;
  return useMemo(() => (pathname === undefined ? undefined : parseRoute(pathname)), [pathname]);
}

/** Sets the title of the browser tab while the component is there. */
export function useTitle(title: string): void {
  useEffect(() => {
    document.title = title === "" ? "Patchbay" : `${title} · Patchbay`;
  }, [title]);
}
