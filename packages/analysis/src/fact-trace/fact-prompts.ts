/** From prompts as people write them to tokens: where the subject stands, what the answer is, what stands for the topic. */
import type { FactPrompt, FactTraceRequest } from "@patchbay/contract";
import { ensureDefined, PatchbayError } from "@patchbay/vocabulary";
import { inputOf, type ModelParts } from "../run/model-parts.ts";
import type { ResolvedInput } from "../run/resolve-input.ts";
import { type NamedToken, resolveAnswer } from "../run/resolve-token.ts";

export interface ResolvedFact {
  readonly input: ResolvedInput;
  /** Positions of the tokens that the subject covers, in part or whole. */
  readonly subject: readonly number[];
  readonly answer: NamedToken;
  /** Their mean is the topic. */
  readonly topic: readonly NamedToken[];
}

const PLACE = "{subject}";

/** @throws PatchbayError `invalid-request` for a template without a place and a subject that is not in its prompt; for tokens */
export function resolveFacts(parts: ModelParts, request: FactTraceRequest): ResolvedFact[] {
  return promptsOf(request).map((prompt, i) => {
    try {
      return resolveFact(parts, prompt);
    } catch (error) {
      const where = request.prompts === undefined ? "rows" : "prompts";
      throw error instanceof PatchbayError ? error.at(`${where}/${i}`) : error;
    }
  });
}

function promptsOf({ prompts, template = "", rows = [] }: FactTraceRequest): readonly FactPrompt[] {
  if (prompts !== undefined) return prompts;
  if (!template.includes(PLACE)) {
    throw new PatchbayError("invalid-request", "The template has no place for the subject.", {
      expected: `a text with ${PLACE}`,
      received: JSON.stringify(template),
      at: "template",
    });
  }
  return rows.map((row) => ({ ...row, text: template.replaceAll(PLACE, row.subject) }));
}

function resolveFact(parts: ModelParts, { text, subject, answer, topic }: FactPrompt): ResolvedFact {
  const input = inputOf(parts, { text });
  const described = ensureDefined(input.described[0]);
  const start = text.lastIndexOf(subject);
  const end = start + subject.length;
  const covered =
    start < 0 ? [] : described.flatMap((token, position) => (token.start < end && token.end > start ? [position] : []));
  if (covered.length === 0) {
    throw new PatchbayError("invalid-request", "The subject is not in the prompt.", {
      expected: `a stretch of ${JSON.stringify(text)}`,
      received: JSON.stringify(subject),
      at: "subject",
    });
  }
  const named = ({ id, text: piece }: NamedToken) => ({ id, text: piece });
  return {
    input,
    subject: covered,
    answer: named(answerToken(parts, text, input, answer)),
    topic:
      topic === undefined
        ? covered.map((position) => named(ensureDefined(described[position])))
        : [named(resolveAnswer(parts, topic, "topic"))],
  };
}

/** Of a text of several tokens the first, as the tokenizer splits it behind the prompt. */
function answerToken(
  parts: ModelParts,
  prompt: string,
  input: ResolvedInput,
  answer: FactPrompt["answer"],
): NamedToken {
  try {
    return resolveAnswer(parts, answer, "answer");
  } catch (error) {
    const text = `${prompt}${answer}`;
    const tokens = typeof answer === "string" ? inputOf(parts, { text }).described[0] : undefined;
    const own = ensureDefined(input.tokens[0]);
    const next = tokens?.[own.length];
    if (next === undefined || !own.every((id, position) => tokens?.[position]?.id === id)) throw error;
    return resolveAnswer(parts, next.id, "answer");
  }
}
