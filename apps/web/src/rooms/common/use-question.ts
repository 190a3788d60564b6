/** A question about causes: asked as a stream, so that its progress is seen; a newer one cancels the older, on the server too. */
import type { AnswerOf, AskProgress, BodyOf, QuestionName } from "@patchbay/contract";
import { useCallback, useEffect, useRef, useState } from "react";
import { type ApiState, api, problemOf } from "../../shell/api.ts";

export type QuestionState<Name extends QuestionName> = ApiState<AnswerOf<Name>> & {
  /** While it is pending, and once the server has said something. */
  readonly progress?: AskProgress | undefined;
};

export interface Question<Name extends QuestionName> {
  readonly state: QuestionState<Name>;
  /** Resolves to the answer, or to undefined when it did not come. */
  ask(body: BodyOf<Name>, onProgress?: (progress: AskProgress) => void): Promise<AnswerOf<Name> | undefined>;
  cancel(): void;
  reset(): void;
}

export function useQuestion<Name extends QuestionName>(name: Name): Question<Name> {
  const [state, setState] = useState<QuestionState<Name>>({ status: "idle" });
  const running = useRef<AbortController | undefined>(undefined);
  useEffect(() => () => running.current?.abort(), []);

  const ask = useCallback(
    async (body: BodyOf<Name>, onProgress?: (progress: AskProgress) => void) => {
      running.current?.abort();
      const control = new AbortController();
      running.current = control;
      const isCurrent = () => running.current === control;
      setState((before) => ({ status: "pending", value: before.value }));
      try {
        for await (const event of api.ask(name, { body, signal: control.signal })) {
          if (!isCurrent()) return undefined;
          if (event.event === "done") {
            const value = event.data as AnswerOf<Name>;
            setState({ status: "ready", value });
            return value;
          }
          const progress = event.data as AskProgress;
          onProgress?.(progress);
          setState((before) => ({ status: "pending", value: before.value, progress }));
        }
      } catch (error) {
        if (!isCurrent()) return undefined;
        if (control.signal.aborted) setState((before) => ({ status: "cancelled", value: before.value }));
        else setState((before) => ({ status: "failed", problem: problemOf(error), value: before.value }));
      }
      return undefined;
    },
    [name],
  );
  const cancel = useCallback(() => running.current?.abort(), []);
  const reset = useCallback(() => {
    running.current?.abort();
    running.current = undefined;
    setState({ status: "idle" });
  }, []);
  return { state, ask, cancel, reset };
}
