import type { VocabularySearch } from "@patchbay/contract";
import { useMemo } from "react";
import { api } from "./api.ts";
import { useResource } from "./resource.ts";

export type Tokens = VocabularySearch["tokens"];

/** Longer texts are prompts, not names of tokens. */
const MOST_PIECES = 8;

/**
 * The tokens that a text is made of, each once, where no token found is the text itself; undefined until that is known.
 */
export function useTokenPieces(model: string | undefined, text: string, found: Tokens | undefined): Tokens | undefined {
  const name = text.trim();
  const wanted =
    model !== undefined && name !== "" && found !== undefined && !found.some((token) => isNamed(token, name));
  const { state } = useResource(wanted ? `pieces ${model} ${name}` : undefined, (signal) =>
    api.tokenize({ params: { model: model ?? "" }, body: { text: name, prependBos: false }, signal }),
  );
  return useMemo(() => {
    if (found === undefined || (wanted && (state.status === "pending" || state.status === "idle"))) return undefined;
    return wanted && state.status === "ready" ? piecesOf(state.value.tokens) : [];
  }, [found, wanted, state]);
}

/** One piece alone would be the text itself, and many are a sentence: neither helps to find a token. */
export function piecesOf(tokens: readonly { readonly id: number; readonly text: string }[]): Tokens {
  const unique = [...new Map(tokens.map(({ id, text }) => [id, { id, text }])).values()];
  return unique.length < 2 || unique.length > MOST_PIECES ? [] : unique;
}

function isNamed({ text }: Tokens[number], name: string): boolean {
  return text.trim().toLowerCase() === name.toLowerCase();
}
