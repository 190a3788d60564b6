/** A tokenizer for models that have none: token 7 is " w7", token 0 the beginning of a sequence. Words are split at spaces. */
import type { Tokenizer, TokenPiece } from "@patchbay/transformer";

const BOS = 0;

export function wordTokenizer(vocabularySize: number): Tokenizer {
  const textOf = (id: number) => (id === BOS ? "<s>" : ` w${id}`);
  const isSpecial = (id: number) => id === BOS;
  const idOf = (text: string) => {
    const id = text === "<s>" ? BOS : Number(/^ w(\d+)$/.exec(text)?.[1] ?? Number.NaN);
    return id < vocabularySize && textOf(id) === text ? id : undefined;
  };
  const piece = (id: number, start: number): TokenPiece => {
    const end = start + (isSpecial(id) ? 0 : textOf(id).length);
    return { id, text: textOf(id), start, end, ...(isSpecial(id) ? { special: true } : {}) };
  };
  const describe = (ids: readonly number[]) => {
    let start = 0;
    return ids.map((id) => {
      const described = piece(id, start);
      start = described.end;
      return described;
    });
  };
  return {
    vocabularySize,
    bosToken: BOS,
    eosToken: undefined,
    textOf,
    isSpecial,
    idOf,
    describe,
    bytesOf: (id) => new TextEncoder().encode(isSpecial(id) ? "" : textOf(id)),
    encode: (text, { prependBos }) => {
      const words = text.match(/ w\d+/g) ?? [];
      return describe([...(prependBos ? [BOS] : []), ...words.map((word) => idOf(word) ?? 1)]);
    },
    decode: (ids) =>
      ids
        .filter((id) => !isSpecial(id))
        .map(textOf)
        .join(""),
  };
}
