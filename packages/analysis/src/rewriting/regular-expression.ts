/** A label as a regular expression: the feature fires on tokens inside which a match ends. */
import { createContext, Script } from "node:vm";
import type { Tokenizer } from "@patchbay/transformer";
import { PatchbayError } from "@patchbay/vocabulary";
import type { Corpus } from "../corpus/corpus.ts";
import { sharedRule, type TextSimulator } from "./simulators.ts";

/** For all matches in one text. Some expressions take exponential time; nothing else in the process could stop them. */
const LIMIT_IN_MILLISECONDS = 1000;

/** Run with `text` and `expression` in its context; ends of all matches that are not empty. */
const MATCH_ENDS = new Script(
  "JSON.stringify(Array.from(text.matchAll(expression)).flatMap((match) =>" +
    " match[0] === '' ? [] : [match.index + match[0].length]))",
);

/** @throws PatchbayError `invalid-request` for an expression that does not parse, or takes too long on a text */
export function regularExpressionSimulator(
  tokenizer: Tokenizer,
  corpus: Corpus,
  features: number,
  pattern: string,
): TextSimulator {
  const expression = parse(pattern);
  return sharedRule(corpus, features, (ids) => {
    const pieces = tokenizer.describe(Array.from(ids));
    const text = pieces.map(({ text, special }) => (special === true ? "" : text)).join("");
    const ends = matchEnds(expression, text);
    let next = 0;
    const fires = pieces.map(({ start, end }) => {
      while (next < ends.length && (ends[next] ?? 0) <= start) next += 1;
      return (ends[next] ?? Number.POSITIVE_INFINITY) <= end;
    });
    return (position) => fires[position] === true;
  });
}

function parse(pattern: string): RegExp {
  try {
    return new RegExp(pattern, "gu");
  } catch (cause) {
    throw new PatchbayError("invalid-request", "The regular expression cannot be read.", {
      expected: "a JavaScript regular expression with Unicode rules, without slashes and flags",
      received: cause instanceof Error ? cause.message : String(cause),
      at: "simulator/pattern",
      cause,
    });
  }
}

/** Rising. */
function matchEnds(expression: RegExp, text: string): number[] {
  try {
    const ends: unknown = MATCH_ENDS.runInContext(createContext({ text, expression }), {
      timeout: LIMIT_IN_MILLISECONDS,
    });
    return JSON.parse(String(ends)) as number[];
  } catch (cause) {
    throw new PatchbayError("invalid-request", "The regular expression takes too long on a text.", {
      expected: `less than ${LIMIT_IN_MILLISECONDS} ms a text`,
      advice: "Repetitions inside repetitions, such as (a+)+, are the usual cause.",
      at: "simulator/pattern",
      cause,
    });
  }
}
