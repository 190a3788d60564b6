/** The small state of a room, kept whole in the address: read it as text, write it by name. */
import { useCallback, useMemo } from "react";
import { locationStore, navigate, useLocation } from "../../shell/location.ts";

export type QueryChange = Readonly<Record<string, string | readonly string[] | undefined>>;

export interface Query {
  get(name: string): string | undefined;
  getAll(name: string): string[];
  /** undefined and "" remove the name. The change replaces the entry in the history unless `push` says otherwise. */
  set(change: QueryChange, options?: { readonly push?: boolean }): void;
  readonly text: string;
}

export function useQuery(): Query {
  const search = useLocation()?.search ?? "";
  const parameters = useMemo(() => new URLSearchParams(search), [search]);
  const set = useCallback((change: QueryChange, { push = false } = {}) => {
    // The address may have changed since this render: the store has the newest.
    const { pathname, search: present } = locationStore().getState();
    navigate(pathname + withQuery(present, change), { replace: !push });
  }, []);
  return {
    get: (name) => parameters.get(name) ?? undefined,
    getAll: (name) => parameters.getAll(name),
    set,
    text: search,
  };
}

/** The query with some names changed; names keep their order, so that equal views have equal addresses. */
export function withQuery(search: string, change: QueryChange): string {
  const parameters = new URLSearchParams(search);
  for (const [name, value] of Object.entries(change)) {
    if (typeof value === "object") {
      parameters.delete(name);
      for (const part of value) parameters.append(name, part);
    } else if (value === undefined || value === "") parameters.delete(name);
    else parameters.set(name, value);
  }
  const text = parameters.toString();
  return text === "" ? "" : `?${text}`;
}

export function oneOf<Value extends string>(
  text: string | undefined,
  values: readonly Value[],
  fallback: Value,
): Value {
  return values.find((value) => value === text) ?? fallback;
}

/** undefined where the address holds no finite number. */
export function numberIn(text: string | undefined): number | undefined {
  if (text === undefined || text.trim() === "") return undefined;
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}
