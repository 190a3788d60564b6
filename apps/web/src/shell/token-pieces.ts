import type { VocabularySearch } from "@patchbay/contract";
import { api } from "./api.ts";
import { useResource } from "./resource.ts";

export type Tokens = VocabularySearch["tokens"];

/** Longer texts are prompts, not names of tokens. */
const MOST_PIECES = 8;

/** The tokens that a text is made of, each once, where no token found is the text itself. */
export function useTokenPieces(model: string | undefined, text: string, found: Tokens | undefined): Tokens {
  const name = text.trim();
  const wanted = model !== undefined && name !== "" && found !== undefined && !found.some((token) => isNamed(token, name));
  const { state } = useResource(wanted ? `pieces ${model} ${name}` : undefined, (signal) =>
    api.tokenize({ params: { model: model ?? "" }, body: { text: name, prependBos: false }, signal }),
  );
  return state.status === "ready" ? piecesOf(state.value.tokens) : [];
}

/** One piece alone would be the text itself, and many are a sentence: neither helps to find a token. */
export function piecesOf(tokens: readonly { readonly id: number; readonly text: string }[]): Tokens {
  const unique = [...new Map(tokens.map(({ id, text }) => [id, { id, text }])).values()];
  return unique.length < 2 || unique.length > MOST_PIECES ? [] : unique;
}

function isNamed({ text }: Tokens[number], name: string): boolean {
  return text.trim().toLowerCase() === name.toLowerCase();
}
