/** Where a dictionary is blind: the texts and the tokens on which its error is largest. */
import type { DarkMatter } from "@patchbay/contract";
import type { Tokenizer } from "@patchbay/transformer";

/** One entry a held-out token. */
export interface TokenErrors {
  readonly documents: readonly number[];
  readonly positions: readonly number[];
  readonly tokens: readonly number[];
  /** ‖e‖² / mean ‖x − mean x‖² */
  readonly errors: Float64Array;
}

const TEXTS = 6;
/** Shorter texts are left out where there are others: the mean of a few tokens is mostly chance. */
const SHORTEST_TEXT = 8;
const WORDS = 30;
const SEEN_AT_LEAST = 5;

/** Texts with the largest mean error; tokens in the order of the text, those left out of the measure not shown. */
export function blindTexts(tokenizer: Tokenizer, { documents, positions, tokens, errors }: TokenErrors) {
  const rowsOf = new Map<number, number[]>();
  for (const [row, document] of documents.entries()) {
    const rows = rowsOf.get(document) ?? [];
    rows.push(row);
    rowsOf.set(document, rows);
  }
  const texts = [...rowsOf].map(([document, rows]) => ({
    document,
    rows: rows.sort((a, b) => (positions[a] ?? 0) - (positions[b] ?? 0)),
    mean: rows.reduce((sum, row) => sum + (errors[row] ?? 0), 0) / rows.length,
  }));
  const long = texts.filter(({ rows }) => rows.length >= SHORTEST_TEXT);
  const chosen = (long.length > 0 ? long : texts).sort((a, b) => b.mean - a.mean).slice(0, TEXTS);
  return chosen.map(({ document, rows }): DarkMatter["blind"][number] => ({
    document,
    tokens: rows.map((row) => {
      const id = tokens[row] ?? 0;
      return { id, text: tokenizer.textOf(id) };
    }),
    error: rows.map((row) => errors[row] ?? 0),
  }));
}

/** Tokens with the largest mean error, of those seen often enough. */
export function blindTokens(tokenizer: Tokenizer, { tokens, errors }: TokenErrors): DarkMatter["blindTokens"] {
  const byToken = new Map<number, { count: number; sum: number }>();
  for (const [row, id] of tokens.entries()) {
    const { count, sum } = byToken.get(id) ?? { count: 0, sum: 0 };
    byToken.set(id, { count: count + 1, sum: sum + (errors[row] ?? 0) });
  }
  return [...byToken]
    .filter(([, { count }]) => count >= SEEN_AT_LEAST)
    .map(([id, { count, sum }]) => ({ text: tokenizer.textOf(id), count, error: sum / count }))
    .sort((a, b) => b.error - a.error)
    .slice(0, WORDS);
}
