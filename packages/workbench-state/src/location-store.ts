/** Where the workbench is: the page's address as a store. Navigation is one function; back and forward arrive here. */
import { createStore, type StoreApi } from "zustand/vanilla";

export interface Location {
  readonly pathname: string;
  /** With its question mark, or empty. */
  readonly search: string;
}

/** What the store needs of a browser's history; tests give a small one. */
export interface HistoryPort {
  read(): Location;
  push(path: string): void;
  replace(path: string): void;
  /** Back and forward. Returns the function that stops listening. */
  listen(onChange: () => void): () => void;
}

export interface LocationStore extends StoreApi<Location> {
  navigate(path: string, options?: { readonly replace?: boolean }): void;
  dispose(): void;
}

export function createLocationStore(history: HistoryPort): LocationStore {
  const store = createStore<Location>(() => history.read());
  const refresh = () => store.setState(history.read(), true);
  const dispose = history.listen(refresh);
  return {
    ...store,
    dispose,
    navigate(path, { replace = false } = {}) {
      const { pathname, search } = history.read();
      if (path === pathname + search) return;
      if (replace) history.replace(path);
      else history.push(path);
      refresh();
    },
  };
}

export function browserHistory(window: Window): HistoryPort {
  return {
    read: () => ({ pathname: window.location.pathname, search: window.location.search }),
    push: (path) => window.history.pushState(null, "", path),
    replace: (path) => window.history.replaceState(null, "", path),
    listen: (onChange) => {
      window.addEventListener("popstate", onChange);
      return () => window.removeEventListener("popstate", onChange);
    },
  };
}
