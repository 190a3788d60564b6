/** A question of this room's address: asked when the address says so, its answers kept so that going back is at once. */
import type { AnswerOf, AskProgress, BodyOf, QuestionName } from "@patchbay/contract";
import { useCallback, useEffect, useState } from "react";
import { type Question, type QuestionState, useQuestion } from "../common/use-question.ts";

export interface Answered<Name extends QuestionName> {
  readonly key: string;
  readonly request: BodyOf<Name>;
  readonly result: AnswerOf<Name>;
}

export interface Asking<Name extends QuestionName> {
  readonly state: QuestionState<Name>;
  /** The last answer, which may be to an older question. */
  readonly answered: Answered<Name> | undefined;
  /** Whether `answered` answers the question as it stands in the address. */
  readonly isCurrent: boolean;
  /** Asks again, also what has failed. */
  again(): void;
  cancel(): void;
}

const answers = new Map<string, Answered<QuestionName>>();
const KEPT = 12;

export function useAsking<Name extends QuestionName>(
  name: Name,
  request: BodyOf<Name> | undefined,
  wanted: boolean,
  modelHash: string,
  onProgress?: (progress: AskProgress | "begin") => void,
): Asking<Name> {
  const { state, ask, cancel, reset }: Question<Name> = useQuestion(name);
  const [answered, setAnswered] = useState<Answered<Name>>();
  const [attempt, setAttempt] = useState(0);
  const key = request === undefined ? undefined : `${name} ${modelHash} ${JSON.stringify(request)}`;

  // biome-ignore lint/correctness/useExhaustiveDependencies: the key stands for the request; attempt asks again
  useEffect(() => {
    if (!wanted || key === undefined || request === undefined) return;
    const known = answers.get(key);
    if (known !== undefined) {
      reset();
      // Kept under its question's name, so it is that question's answer.
      setAnswered(known as Answered<Name>);
      return;
    }
    onProgress?.("begin");
    void ask(request, onProgress).then((result) => {
      if (result === undefined) return;
      const answer = { key, request, result };
      answers.set(key, answer);
      for (const [old] of answers) if (answers.size > KEPT) answers.delete(old);
      setAnswered(answer);
    });
  }, [key, wanted, attempt]);

  const again = useCallback(() => setAttempt((count) => count + 1), []);
  return { state, answered, isCurrent: answered !== undefined && answered.key === key, again, cancel };
}
