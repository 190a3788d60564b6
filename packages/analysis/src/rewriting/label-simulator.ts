/**
 * A label read by a language model: given the label and the tokens of a text, it is asked for an activation from 0 to 10 at
 * each token (Bills et al. 2023, "all at once"). One question a feature and text.
 */
import type { Tokenizer } from "@patchbay/transformer";
import { ensureDefined, PatchbayError } from "@patchbay/vocabulary";
import type { Corpus } from "../corpus/corpus.ts";
import { ask, type EndpointPatience, type EndpointSettings } from "./endpoint.ts";
import { type Scores, scoresOf, type TextSimulator } from "./simulators.ts";

const HIGHEST = 10;
/** Questions under way at once. */
const AT_ONCE = 4;

const INSTRUCTIONS =
  "A feature of a language model fires on some tokens of a text. You get a description of the feature and the tokens, " +
  `numbered. Answer with a JSON array of whole numbers from 0 (silent) to ${HIGHEST} (strongest), one for each token in ` +
  "order, and nothing else. Judge a token by itself and by what stands before it. Most tokens are 0.";

/** `labels`: by place. Answers are kept, so that a text is asked about once. */
export function labelSimulator(
  settings: EndpointSettings,
  tokenizer: Tokenizer,
  { documents, skip }: Corpus,
  labels: readonly string[],
  signal: AbortSignal,
  patience?: EndpointPatience,
): TextSimulator {
  const answered = new Map<number, Scores>();
  return {
    async simulate(document) {
      const known = answered.get(document);
      if (known !== undefined) return known;
      const ids = ensureDefined(documents[document]);
      const texts = Array.from(ids.subarray(skip), (id) => tokenizer.textOf(id));
      const byLabel = await inTurns(labels, AT_ONCE, (label) =>
        ask(settings, question(label, texts), (content) => readActivations(content, texts.length), signal, patience),
      );
      const scores = scoresOf(ids.length, (position) => {
        const at = byLabel.map((activations) => (position < skip ? 0 : (activations[position - skip] ?? 0)));
        const places = labels.flatMap((_, place) => ((at[place] ?? 0) > 0 ? [place] : []));
        return { places, scores: places.map((place) => (at[place] ?? 0) / HIGHEST) };
      });
      answered.set(document, scores);
      return scores;
    },
  };
}

function question(label: string, texts: readonly string[]) {
  const tokens = texts.map((text, i) => `${i + 1}: ${JSON.stringify(text)}`).join("\n");
  return [
    { role: "system", content: INSTRUCTIONS },
    { role: "user", content: `Feature: ${label}\n\nTokens:\n${tokens}\n\nA JSON array of ${texts.length} numbers:` },
  ] as const;
}

/** The array in an answer, which may stand between other words; undefined where it does not fit the text. */
export function readActivations(content: string, count: number): number[] | undefined {
  const array = /\[[^[\]]*\]/.exec(content)?.[0];
  if (array === undefined) return undefined;
  try {
    const values = JSON.parse(array) as unknown[];
    if (values.length !== count) return undefined;
    if (!values.every((value) => typeof value === "number")) return undefined;
    return (values as number[]).map((value) => Math.min(HIGHEST, Math.max(0, Math.round(value))));
  } catch {
    return undefined;
  }
}

/** Works on a few at once, in order; the first failure ends it. */
async function inTurns<Item, Result>(
  items: readonly Item[],
  atOnce: number,
  work: (item: Item) => Promise<Result>,
): Promise<Result[]> {
  const results: Result[] = [];
  for (let start = 0; start < items.length; start += atOnce) {
    results.push(...(await Promise.all(items.slice(start, start + atOnce).map(work))));
  }
  return results;
}

/** @throws PatchbayError `invalid-request` where features have no label */
export function labelsOf(features: Int32Array, labels: ReadonlyMap<number, string>): string[] {
  return Array.from(features, (feature) => {
    const label = labels.get(feature);
    if (label !== undefined) return label;
    throw new PatchbayError("invalid-request", `Feature ${feature} has no label that a language model could read.`, {
      expected: "features with a label",
      advice: "Label them on their pages, or leave features out to take those that have one.",
      at: "features",
    });
  });
}
