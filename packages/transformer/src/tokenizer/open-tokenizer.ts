/** A model folder's tokenizer: SentencePiece BPE (Llama) or byte-level BPE (GPT-2), exact, with offsets. */
import { splitAtAddedTokens } from "./added-tokens.ts";
import { byteLevelSymbols, isByteLevel } from "./byte-level.ts";
import { characterRanges, concatenateBytes } from "./byte-ranges.ts";
import { buildMergeTable, mergeSymbols } from "./merge-table.ts";
import { numbersInstead, numberTokenizer } from "./number-tokenizer.ts";
import { type PieceTexts, pieceTexts } from "./piece-texts.ts";
import { hasDummyPrefix, sentencepieceSymbols } from "./sentencepiece.ts";
import type { Symbols } from "./symbols.ts";
import type { Tokenizer, TokenPiece } from "./tokenizer.ts";
import { readConfigBeside, readTokenizerConfig, readTokenizerFile, type TokenizerFile } from "./tokenizer-file.ts";

/**
 * A HookedTransformer folder may come without a tokenizer: its tokens are then numbers.
 * @throws PatchbayError `file-not-found`, `damaged-file` or `unsupported-model`
 */
export async function openTokenizer(folder: string): Promise<Tokenizer> {
  const numbers = await numbersInstead(folder);
  if (numbers !== undefined) return numberTokenizer(numbers.vocabulary, numbers.outputVocabulary);
  const file = await readTokenizerFile(folder);
  const names = await readTokenizerConfig(folder);
  const ids = await readMarkerIds(folder);
  const idOfName = (name: unknown): number | undefined => {
    const content = typeof name === "object" && name !== null ? (name as { content?: unknown }).content : name;
    if (typeof content !== "string") return undefined;
    return file.addedTokens.find((token) => token.content === content)?.id ?? file.vocabulary.get(content);
  };
  return makeTokenizer(file, {
    bosToken: idOfName(names["bos_token"]) ?? ids["bos_token_id"],
    eosToken: idOfName(names["eos_token"]) ?? ids["eos_token_id"],
  });
}

export interface MarkerTokens {
  readonly bosToken: number | undefined;
  readonly eosToken: number | undefined;
}

export function makeTokenizer(file: TokenizerFile, markers: MarkerTokens): Tokenizer {
  const texts = pieceTexts(file);
  const table = buildMergeTable(file.merges, texts.size);
  const segmentsOf = splitAtAddedTokens(file.addedTokens);
  const byteLevel = isByteLevel(file);
  const symbolsOf = byteLevel ? byteLevelSymbols(file) : sentencepieceSymbols(file);
  const dummyPrefix = !byteLevel && hasDummyPrefix(file);
  const pieceAt = (id: number, start: number, end: number) => describePiece(texts, id, start, end);

  const encodeWord = ({ ids, starts, ends }: Symbols): TokenPiece[] =>
    mergeSymbols(ids, table).map(({ id, first, last }) => pieceAt(id, starts[first] ?? 0, ends[last] ?? 0));

  return {
    vocabularySize: texts.size,
    ...markers,
    textOf: texts.textOf,
    bytesOf: texts.bytesOf,
    isSpecial: texts.isSpecial,
    idOf: texts.idOf,

    encode(text, { prependBos }) {
      const bos = prependBos && markers.bosToken !== undefined ? [pieceAt(markers.bosToken, 0, 0)] : [];
      // A lone surrogate is not Unicode text; every encoder writes U+FFFD for it.
      const wellFormed = text.replace(/\p{Surrogate}/gu, "\uFFFD");
      const pieces = segmentsOf(wellFormed).flatMap(({ start, end, token }) =>
        token === undefined
          ? symbolsOf(wellFormed.slice(start, end), start).flatMap(encodeWord)
          : [pieceAt(token.id, start, end)],
      );
      return [...bos, ...pieces];
    },

    describe(ids) {
      const ranges = characterRanges(ids.map(texts.bytesOf));
      return ids.map((id, index) => pieceAt(id, ranges[index]?.start ?? 0, ranges[index]?.end ?? 0));
    },

    decode(ids) {
      const bytes = concatenateBytes(ids.map(texts.bytesOf));
      // `stream` holds back a character whose last bytes have not come yet.
      const text = new TextDecoder("utf-8", { ignoreBOM: true }).decode(bytes, { stream: true });
      return dummyPrefix && text.startsWith(" ") ? text.slice(1) : text;
    },
  };
}

function describePiece(texts: PieceTexts, id: number, start: number, end: number): TokenPiece {
  const piece = { id, text: texts.textOf(id), start, end };
  if (texts.isSpecial(id)) return { ...piece, special: true };
  return texts.isFragment(id) ? { ...piece, bytes: hexadecimal(texts.bytesOf(id)) } : piece;
}

function hexadecimal(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => byte.toString(16).padStart(2, "0")).join("");
}

/** Ids that config.json gives; used where tokenizer_config.json names no token. Some models list several: the first. */
async function readMarkerIds(folder: string): Promise<Record<string, number | undefined>> {
  const config = await readConfigBeside(folder);
  const first = (value: unknown) => {
    const id: unknown = Array.isArray(value) ? value[0] : value;
    return typeof id === "number" ? id : undefined;
  };
  return { bos_token_id: first(config["bos_token_id"]), eos_token_id: first(config["eos_token_id"]) };
}
