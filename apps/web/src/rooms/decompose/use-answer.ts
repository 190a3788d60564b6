/** The answer to a question that the address asks: asked when it changes, kept while the page lives, the older one cancelled. */
import type { AnswerOf, BodyOf, QuestionName } from "@patchbay/contract";
import { useCallback, useEffect } from "react";
import { type QuestionState, useQuestion } from "../common/use-question.ts";

const KEPT_ANSWERS = 24;
const kept = new Map<string, unknown>();

export interface Asked<Name extends QuestionName> {
  readonly state: QuestionState<Name>;
  retry(): void;
  cancel(): void;
}

/** @param request undefined: nothing is asked. */
export function useAnswer<Name extends QuestionName>(name: Name, request: BodyOf<Name> | undefined): Asked<Name> {
  const { state, ask, cancel, reset } = useQuestion(name);
  const key = request === undefined ? undefined : `${name}:${JSON.stringify(request)}`;
  const known = key === undefined ? undefined : (kept.get(key) as AnswerOf<Name> | undefined);

  // biome-ignore lint/correctness/useExhaustiveDependencies: the key stands for the request
  const retry = useCallback(async () => {
    if (request === undefined || key === undefined) return;
    const value = await ask(request);
    if (value === undefined) return;
    kept.set(key, value);
    for (const old of kept.keys()) if (kept.size > KEPT_ANSWERS) kept.delete(old);
  }, [key, ask]);

  useEffect(() => {
    if (key === undefined || kept.has(key)) reset();
    else void retry();
  }, [key, retry, reset]);

  return {
    state: known === undefined ? state : { status: "ready", value: known },
    retry: () => void retry(),
    cancel,
  };
}
