/** A label as a list of tokens: the feature fires on exactly these. */
import type { Tokenizer } from "@patchbay/transformer";
import { PatchbayError } from "@patchbay/vocabulary";
import type { Corpus } from "../corpus/corpus.ts";
import { sharedRule, type TextSimulator } from "./simulators.ts";

/**
 * An entry means every token with its exact text; one that neither begins nor ends with a space also means tokens that are
 * this word and spaces: "dog" is "dog" and " dog".
 * @throws PatchbayError `unknown-token`
 */
export function tokenListSimulator(
  tokenizer: Tokenizer,
  corpus: Corpus,
  features: number,
  entries: readonly string[],
): TextSimulator {
  const exact = new Set(entries);
  const bare = new Set(entries.filter((entry) => entry === entry.trim()));
  const unmatched = new Set(entries);
  const listed = new Set<number>();
  for (let id = 0; id < tokenizer.vocabularySize; id++) {
    if (tokenizer.isSpecial(id)) continue;
    const text = tokenizer.textOf(id);
    const word = text.trim();
    if (!exact.has(text) && !bare.has(word)) continue;
    listed.add(id);
    unmatched.delete(text);
    unmatched.delete(word);
  }
  for (const entry of unmatched) {
    throw new PatchbayError("unknown-token", `${JSON.stringify(entry)} is not a single token of this model.`, {
      expected: "the text of one token",
      advice: 'Longer words are matched by a regular expression: {"kind": "regex"}.',
      at: `simulator/tokens/${entries.indexOf(entry)}`,
    });
  }
  return sharedRule(corpus, features, (ids) => (position) => listed.has(ids[position] ?? -1));
}
