/** Answers that are read again and again: kept by key, shared by everybody who asks for the same thing at once. */
import { useCallback, useEffect, useState } from "react";
import { type ApiState, problemOf } from "./api.ts";

interface Entry {
  readonly control: AbortController;
  readonly promise: Promise<unknown>;
  value?: unknown;
  done: boolean;
  readers: number;
}

const KEPT_ANSWERS = 96;
const entries = new Map<string, Entry>();

export interface Resource<Value> {
  readonly state: ApiState<Value>;
  /** The key that `state.value` answers; the value of an older key stays while a newer one is pending. */
  readonly valueKey: string | undefined;
  reload(): void;
  cancel(): void;
}

/**
 * The answer for `key`; undefined asks for nothing. When the key changes the unread older call is cancelled. With a
 * delay the call waits that many milliseconds for the key to come to rest (walking the grid, dragging a dose).
 */
export function useResource<Value>(
  key: string | undefined,
  load: (signal: AbortSignal) => Promise<Value>,
  { delay = 0 }: { readonly delay?: number } = {},
): Resource<Value> {
  const [attempt, setAttempt] = useState(0);
  const [{ state, valueKey }, setAnswer] = useState<{ state: ApiState<Value>; valueKey: string | undefined }>({
    state: { status: "idle" },
    valueKey: undefined,
  });

  // biome-ignore lint/correctness/useExhaustiveDependencies: the key stands for the call; attempt asks again
  useEffect(() => {
    if (key === undefined) {
      setAnswer({ state: { status: "idle" }, valueKey: undefined });
      return undefined;
    }
    const known = entries.get(key);
    if (known?.done === true) {
      setAnswer({ state: { status: "ready", value: known.value as Value }, valueKey: key });
      return undefined;
    }
    setAnswer((before) => ({ state: { status: "pending", value: before.state.value }, valueKey: before.valueKey }));
    let live = true;
    let release = () => {};
    const timer = setTimeout(() => {
      const entry = acquire(key, load);
      release = () => leave(key, entry);
      entry.promise.then(
        (value) => {
          if (live) setAnswer({ state: { status: "ready", value: value as Value }, valueKey: key });
        },
        (error: unknown) => {
          if (!live) return;
          setAnswer((before) => {
            const value = before.state.value;
            const next: ApiState<Value> = entry.control.signal.aborted
              ? { status: "cancelled", value }
              : { status: "failed", problem: problemOf(error), value };
            return { state: next, valueKey: before.valueKey };
          });
        },
      );
    }, delay);
    return () => {
      live = false;
      clearTimeout(timer);
      release();
    };
  }, [key, attempt]);

  const reload = useCallback(() => {
    if (key !== undefined) entries.delete(key);
    setAttempt((count) => count + 1);
  }, [key]);
  const cancel = useCallback(() => {
    if (key !== undefined) cancelResource(key);
  }, [key]);
  return { state, valueKey, reload, cancel };
}

export function cancelResource(key: string): void {
  const entry = entries.get(key);
  if (entry !== undefined && !entry.done) entry.control.abort();
}

/** Forget answers whose key begins so: after something on the server changed. */
export function forgetResources(prefix: string): void {
  for (const [key, entry] of entries) if (key.startsWith(prefix) && entry.done) entries.delete(key);
}

function acquire(key: string, load: (signal: AbortSignal) => Promise<unknown>): Entry {
  const known = entries.get(key);
  if (known !== undefined && !known.control.signal.aborted) {
    known.readers++;
    return known;
  }
  const control = new AbortController();
  const promise = load(control.signal);
  const entry: Entry = { control, promise, done: false, readers: 1 };
  entries.set(key, entry);
  promise.then(
    (value) => {
      entry.value = value;
      entry.done = true;
      for (const [old] of entries) if (entries.size > KEPT_ANSWERS) entries.delete(old);
    },
    () => {
      if (entries.get(key) === entry) entries.delete(key);
    },
  );
  return entry;
}

/** A call that nobody waits for any more is cancelled on the server too. */
function leave(key: string, entry: Entry): void {
  entry.readers--;
  if (entry.readers > 0 || entry.done) return;
  entry.control.abort();
  if (entries.get(key) === entry) entries.delete(key);
}
