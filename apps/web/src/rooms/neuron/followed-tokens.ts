/** The tokens whose probability the page follows: the first that the neuron writes, then those that the reader added. */
import type { NeuronPage, TokenReference } from "@patchbay/contract";
import { tokenReference } from "./neuron-view.ts";

export interface FollowedToken {
  readonly reference: TokenReference;
  /** The address's spelling of it; undefined for the neuron's own. */
  readonly added: string | undefined;
}

export const OWN_TOKENS = 3;

export function followedTokens(page: NeuronPage, added: readonly string[]): FollowedToken[] {
  const folded = page.sides.find(({ side }) => side === "write")?.variants.find(({ variant }) => variant === "folded");
  const own = (folded?.top ?? []).slice(0, OWN_TOKENS);
  const known = new Set<TokenReference>(own.flatMap(({ id, text }) => [id, text]));
  return [
    ...own.map(({ id }) => ({ reference: id, added: undefined })),
    ...added
      .map((token) => ({ reference: tokenReference(token), added: token }))
      .filter(({ reference }) => !known.has(reference)),
  ];
}
