/** From a token as people write it (its exact text, or its id) to its id. */
import type { TokenReference } from "@patchbay/contract";
import type { Tokenizer } from "@patchbay/transformer";
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

/** In addresses a token is its exact text, or `#` and its id. */
export function tokenReference(text: string): TokenReference {
  return /^#\d+$/.test(text) ? Number(text.slice(1)) : text;
}
