/** The typed client of this page's server, and hooks that own the life of a call: a newer one cancels the older. */
import { ApiError, createClient } from "@patchbay/contract/client";
import { useCallback, useEffect, useRef, useState } from "react";
import type { ProblemFacts } from "./ui/ErrorState.tsx";

export const api = createClient({ clientName: "workbench" });

export type ApiState<Value> =
  | { readonly status: "idle"; readonly value?: undefined }
  /** `value` is the last answer, kept on the screen while the next one comes. */
  | { readonly status: "pending"; readonly value?: Value | undefined }
  | { readonly status: "ready"; readonly value: Value }
  | { readonly status: "failed"; readonly problem: ProblemFacts; readonly value?: Value | undefined }
  | { readonly status: "cancelled"; readonly value?: Value | undefined };

export interface ApiCall<Value> {
  readonly state: ApiState<Value>;
  /** Starts a call and cancels the one before it. Resolves to the answer, or undefined when it did not come. */
  call(work: (signal: AbortSignal) => Promise<Value>): Promise<Value | undefined>;
  cancel(): void;
  reset(): void;
}

export function useApi<Value>(): ApiCall<Value> {
  const [state, setState] = useState<ApiState<Value>>({ status: "idle" });
  const running = useRef<AbortController | undefined>(undefined);
  useEffect(() => () => running.current?.abort(), []);

  const call = useCallback(async (work: (signal: AbortSignal) => Promise<Value>) => {
    running.current?.abort();
    const control = new AbortController();
    running.current = control;
    setState((before) => ({ status: "pending", value: before.value }));
    try {
      const value = await work(control.signal);
      if (running.current !== control) return undefined;
      setState({ status: "ready", value });
      return value;
    } catch (error) {
      if (running.current !== control) return undefined;
      if (control.signal.aborted) setState((before) => ({ status: "cancelled", value: before.value }));
      else setState((before) => ({ status: "failed", problem: problemOf(error), value: before.value }));
      return undefined;
    }
  }, []);
  const cancel = useCallback(() => running.current?.abort(), []);
  const reset = useCallback(() => {
    running.current?.abort();
    running.current = undefined;
    setState({ status: "idle" });
  }, []);
  return { state, call, cancel, reset };
}

export function isAborted(error: unknown): boolean {
  return error instanceof DOMException && error.name === "AbortError";
}

/** What to show for a failure, whoever made it. */
export function problemOf(error: unknown): ProblemFacts {
  if (error instanceof ApiError) {
    const { advice, ...facts } = error.problem;
    // Its detail says already how to start the server.
    return facts.code === "unreachable" || advice === undefined ? facts : { ...facts, advice };
  }
  return { title: "Something went wrong", detail: error instanceof Error ? error.message : String(error) };
}
