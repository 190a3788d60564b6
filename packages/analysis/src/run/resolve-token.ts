/** From a token as people write it (its exact text, or its id) to its id. */
import type { TokenReference } from "@patchbay/contract";
import type { Engine, Tokenizer } from "@patchbay/transformer";
import { PatchbayError } from "@patchbay/vocabulary";

export interface NamedToken {
  readonly id: number;
  readonly text: string;
}

/** @throws PatchbayError `unknown-token`, saying how the text falls apart into tokens. */
export function resolveToken(tokenizer: Tokenizer, reference: TokenReference, at: string): NamedToken {
  if (typeof reference === "number") {
    if (reference < tokenizer.vocabularySize) return { id: reference, text: tokenizer.textOf(reference) };
    throw new PatchbayError("token-out-of-range", `There is no token ${reference}.`, {
      expected: `0 to ${tokenizer.vocabularySize - 1}`,
      received: String(reference),
      at,
    });
  }
  const id = tokenizer.idOf(reference);
  if (id !== undefined) return { id, text: tokenizer.textOf(id) };
  const pieces = tokenizer.encode(reference, { prependBos: false }).map(({ text }) => JSON.stringify(text));
  throw new PatchbayError("unknown-token", `${JSON.stringify(reference)} is not a single token of this model.`, {
    expected: "the exact text of one token; most words begin with a space",
    received: `text of ${pieces.length} tokens: ${pieces.slice(0, 8).join(", ")}`,
    advice: "GET /api/v1/models/{model}/vocabulary?query=… finds tokens.",
    at,
  });
}

/**
 * A token that the model can answer with. In models of algorithmic tasks that may be fewer, or other, than it reads.
 * @throws PatchbayError as `resolveToken`, and `token-out-of-range` where the token has no logit.
 */
export function resolveAnswer(
  { tokenizer, engine }: { readonly tokenizer: Tokenizer; readonly engine: Engine },
  reference: TokenReference,
  at: string,
): NamedToken {
  const token = resolveToken(tokenizer, reference, at);
  const { outputVocabulary } = engine.model.shape;
  if (token.id < outputVocabulary) return token;
  throw new PatchbayError("token-out-of-range", `The model has no logit for token ${token.id}.`, {
    expected: `0 to ${outputVocabulary - 1}`,
    received: String(token.id),
    at,
  });
}

/** In addresses a token is its exact text, or `#` and its id. */
export function tokenReference(text: string): TokenReference {
  return /^#\d+$/.test(text) ? Number(text.slice(1)) : text;
}
