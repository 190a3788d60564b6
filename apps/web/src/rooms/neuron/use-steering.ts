/** Two continuations of one text, streamed one after the other: the model as it is, and under the clamp. */
import type { GenerationRequest, Intervention } from "@patchbay/contract";
import { useCallback, useEffect, useRef, useState } from "react";
import { api, problemOf } from "../../shell/api.ts";
import type { ProblemFacts } from "../../shell/ui/ErrorState.tsx";
import type { GeneratedToken } from "../common/wire.ts";

export interface SteeringSubject {
  readonly model: string;
  readonly text: string;
  readonly intervention: Intervention | undefined;
  readonly temperature: number;
  readonly seed: number;
}

export interface SteeringRequests {
  readonly before: GenerationRequest;
  readonly after: GenerationRequest;
}

export interface SteeringState {
  readonly status: "idle" | "running" | "done" | "failed" | "cancelled";
  readonly before: readonly GeneratedToken[];
  readonly after: readonly GeneratedToken[];
  readonly problem: ProblemFacts | undefined;
  /** What the texts on the screen answer. */
  readonly requests: SteeringRequests | undefined;
}

export interface SteeringCall {
  readonly state: SteeringState;
  start(subject: SteeringSubject): void;
  cancel(): void;
}

const NOTHING: SteeringState = { status: "idle", before: [], after: [], problem: undefined, requests: undefined };
const MAXIMUM_TOKENS = 48;

export function steeringRequests({ model, text, intervention, temperature, seed }: SteeringSubject): SteeringRequests {
  const sampling = { maxTokens: MAXIMUM_TOKENS, ...(temperature > 0 && { temperature, seed }) };
  const before = { model, input: { text }, sampling };
  return { before, after: intervention === undefined ? before : { ...before, interventions: [intervention] } };
}

export function useSteering(): SteeringCall {
  const [state, setState] = useState(NOTHING);
  const running = useRef<AbortController | undefined>(undefined);
  useEffect(() => () => running.current?.abort(), []);

  const start = useCallback((subject: SteeringSubject) => {
    running.current?.abort();
    const control = new AbortController();
    running.current = control;
    const requests = steeringRequests(subject);
    setState({ ...NOTHING, status: "running", requests });
    const change = (next: (before: SteeringState) => SteeringState) => running.current === control && setState(next);
    void (async () => {
      try {
        for (const side of ["before", "after"] as const) {
          for await (const event of api.generateStream(requests[side], { signal: control.signal })) {
            if (event.event === "token") change((known) => ({ ...known, [side]: [...known[side], event.data] }));
          }
        }
        change((known) => ({ ...known, status: "done" }));
      } catch (error) {
        change((known) => ({
          ...known,
          status: control.signal.aborted ? "cancelled" : "failed",
          problem: control.signal.aborted ? undefined : problemOf(error),
        }));
      }
    })();
  }, []);
  const cancel = useCallback(() => running.current?.abort(), []);
  return { state, start, cancel };
}
