import type { GeneratedToken, GenerationRequest } from "@patchbay/contract";
import { useCallback, useEffect, useState } from "react";
import { api, isAborted, problemOf } from "../../shell/api.ts";
import type { ProblemFacts } from "../../shell/ui/ErrorState.tsx";

export interface Continuation {
  readonly status: "idle" | "streaming" | "done" | "cancelled" | "failed";
  readonly tokens: readonly GeneratedToken[];
  readonly finish: string | undefined;
  readonly problem: ProblemFacts | undefined;
}

export interface LiveContinuation extends Continuation {
  cancel(): void;
  restart(): void;
}

const IDLE: Continuation = { status: "idle", tokens: [], finish: undefined, problem: undefined };
const KEPT = 40;
const finished = new Map<string, Continuation>();

/** The continuation of a request, as it comes. Greedy or seeded, so a finished one is kept and not asked for again. */
export function useContinuation(request: GenerationRequest | undefined, delay: number): LiveContinuation {
  const key = request === undefined ? undefined : JSON.stringify(request);
  const [attempt, setAttempt] = useState(0);
  const [shown, setShown] = useState<Continuation>(IDLE);
  const [control, setControl] = useState<AbortController | undefined>(undefined);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the key stands for the request; attempt asks again
  useEffect(() => {
    if (key === undefined || request === undefined) {
      setShown(IDLE);
      return undefined;
    }
    const known = finished.get(key);
    if (known !== undefined) {
      setShown(known);
      return undefined;
    }
    const abort = new AbortController();
    const timer = setTimeout(() => {
      setControl(abort);
      void stream(request, abort.signal, (next) => {
        if (next.status === "done") {
          finished.set(key, next);
          for (const old of finished.keys()) if (finished.size > KEPT) finished.delete(old);
        }
        setShown(next);
      });
    }, delay);
    return () => {
      clearTimeout(timer);
      abort.abort("replaced");
    };
  }, [key, attempt]);

  const cancel = useCallback(() => control?.abort(), [control]);
  const restart = useCallback(() => {
    if (key !== undefined) finished.delete(key);
    setAttempt((count) => count + 1);
  }, [key]);
  return { ...shown, cancel, restart };
}

async function stream(
  request: GenerationRequest,
  signal: AbortSignal,
  show: (next: Continuation) => void,
): Promise<void> {
  const tokens: GeneratedToken[] = [];
  const now = (change: Partial<Continuation>) => {
    if (signal.reason !== "replaced") show({ ...IDLE, tokens: [...tokens], ...change });
  };
  try {
    for await (const event of api.generateStream(request, { signal })) {
      if (event.event === "token") tokens.push(event.data);
      if (event.event === "done") now({ status: "done", finish: event.data.rows[0]?.finish });
      else now({ status: "streaming" });
    }
  } catch (error) {
    if (signal.aborted || isAborted(error)) now({ status: "cancelled" });
    else now({ status: "failed", problem: problemOf(error) });
  }
}
