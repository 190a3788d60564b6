/** Text ↔ token ids, with exact offsets for display. */

export interface TokenPiece {
  readonly id: number;
  /** What the token contributes to the text (" L", "\n"), or the name of a special token ("<s>"). */
  readonly text: string;
  /** Character range in the input text (UTF-16 units); empty where the token adds no character of its own. */
  readonly start: number;
  readonly end: number;
  readonly special?: boolean;
  /** Hexadecimal bytes, where the token is a fragment of a character. */
  readonly bytes?: string;
}

export interface Tokenizer {
  readonly vocabularySize: number;
  /** Tokens are numbers: the model came without a tokenizer. */
  readonly numbers?: boolean;
  readonly bosToken: number | undefined;
  readonly eosToken: number | undefined;
  encode(text: string, options: { prependBos: boolean }): TokenPiece[];
  /** Describes given ids; offsets are into the concatenation of their texts, special tokens left out. */
  describe(ids: readonly number[]): TokenPiece[];
  /** Visible text of one token, as in `TokenPiece.text`: " L", "\n", "<s>", or "\uFFFD" for a lone byte fragment. */
  textOf(id: number): string;
  /** Exact bytes that the token stands for; empty for special tokens. */
  bytesOf(id: number): Uint8Array;
  isSpecial(id: number): boolean;
  /** The single token with exactly this text (as `textOf`), or undefined. Prefers a whole piece to a raw byte. */
  idOf(text: string): number | undefined;
  /** All ids to text, special tokens left out, incomplete UTF-8 at the end left out. */
  decode(ids: readonly number[]): string;
}
