import type { Token } from "@patchbay/contract";
import { visibleToken } from "../../shell/ui/token-text.ts";

export interface VisibleToken {
  readonly id: number;
  readonly text: string;
  /** The position, as a string: the column's name. */
  readonly label: string;
  readonly special: boolean;
}

/** Tokens as columns: white space and special tokens can be seen; a fragment of a character shows its bytes. */
export function visibleTokens(tokens: readonly Token[]): VisibleToken[] {
  return tokens.map((token, position) => ({
    id: token.id,
    text:
      token.bytes !== undefined && !/\p{L}|\p{N}/u.test(token.text)
        ? `<${token.bytes}>`
        : visibleToken(token.text, token.special),
    label: String(position),
    special: token.special === true,
  }));
}
