/** An answer that is sent as events while it is computed. */
import { eventStream, type Send } from "./event-stream.ts";
import { internalProblem, problemOf } from "./problem.ts";
import { newRequestId } from "./request-id.ts";

export interface StreamedAnswer {
  /** For the log: what was asked. */
  readonly name: string;
  /** Aborted when the client goes away before the stream stands, or the server stops. */
  readonly signal: AbortSignal;
  readonly log: (line: string) => void;
  /** Computes; every event goes through `send`, the last one is "done" with what it resolves to. */
  readonly compute: (send: Send, signal: AbortSignal) => Promise<unknown>;
}

/**
 * Waits for the first event, so that a failure before it is still an ordinary problem answer; after it, a failure is the last
 * event, "problem". When the reader goes away, the work is aborted.
 */
export async function streamAnswer({ name, signal: outer, log, compute }: StreamedAnswer): Promise<Response> {
  const leave = new AbortController();
  const signal = AbortSignal.any([outer, leave.signal]);
  const early: [event: string, data: unknown][] = [];
  let listener: Send | undefined;
  let begun: () => void = () => undefined;
  const start = new Promise<void>((resolve) => {
    begun = resolve;
  });
  const result = compute((event, data) => {
    if (listener === undefined) early.push([event, data]);
    else listener(event, data);
    begun();
  }, signal);
  await Promise.race([start, result]);

  return eventStream(
    async (send) => {
      for (const [event, data] of early) send(event, data);
      listener = send;
      send("done", await result);
    },
    {
      stop: () => leave.abort(),
      failed(error) {
        if (signal.aborted) return undefined;
        const known = problemOf(error);
        if (known !== undefined) return { event: "problem", data: known };
        const id = newRequestId();
        log(`${id} ${name} failed after its start: ${error instanceof Error ? error.stack : String(error)}`);
        return { event: "problem", data: internalProblem(id) };
      },
    },
  );
}
