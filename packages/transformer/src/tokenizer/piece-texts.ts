/** What each id of a vocabulary stands for: bytes, visible text, and the way back. */

import { bytesOfCharacters } from "./byte-characters.ts";
import { isByteLevel } from "./byte-level.ts";
import { byteOfName, SPACE_MARK } from "./sentencepiece.ts";
import type { TokenizerFile } from "./tokenizer-file.ts";

export interface PieceTexts {
  /** One more than the largest id. */
  readonly size: number;
  textOf(id: number): string;
  bytesOf(id: number): Uint8Array;
  isSpecial(id: number): boolean;
  /** Whether the id's bytes are not whole characters. */
  isFragment(id: number): boolean;
  idOf(text: string): number | undefined;
}

interface Piece {
  readonly text: string;
  readonly bytes: Uint8Array;
  readonly special: boolean;
  readonly fragment: boolean;
}

const NO_BYTES = new Uint8Array();

export function pieceTexts(file: TokenizerFile): PieceTexts {
  const pieces: Piece[] = [];
  const ids = new Map<string, number>();
  const singleBytes = new Map<string, number>();
  const byteLevel = isByteLevel(file);
  const encoder = new TextEncoder();

  for (const [piece, id] of file.vocabulary) {
    const byte = file.byteFallback ? byteOfName(piece) : undefined;
    const spelled = byteLevel ? bytesOfCharacters(piece) : undefined;
    const bytes = byte === undefined ? (spelled ?? encoder.encode(visible(piece, byteLevel))) : Uint8Array.of(byte);
    pieces[id] = ordinaryPiece(bytes);
    if (byte !== undefined) singleBytes.set(pieces[id].text, id);
  }
  for (const { id, content, special } of file.addedTokens) {
    pieces[id] = special
      ? { text: content, bytes: NO_BYTES, special: true, fragment: false }
      : ordinaryPiece(encoder.encode(visible(content, byteLevel)));
  }
  pieces.forEach(({ text, fragment }, id) => {
    if (!fragment && !ids.has(text) && singleBytes.get(text) !== id) ids.set(text, id);
  });

  // Models pad their vocabulary to round sizes; such ids have no piece.
  const pieceOf = (id: number): Piece =>
    pieces[id] ?? { text: `<unused ${id}>`, bytes: NO_BYTES, special: true, fragment: false };
  return {
    size: pieces.length,
    textOf: (id) => pieceOf(id).text,
    bytesOf: (id) => pieceOf(id).bytes,
    isSpecial: (id) => pieceOf(id).special,
    isFragment: (id) => pieceOf(id).fragment,
    idOf: (text) => ids.get(text) ?? wholeByte(text),
  };

  function wholeByte(text: string): number | undefined {
    const id = singleBytes.get(text);
    return id === undefined || pieceOf(id).fragment ? undefined : id;
  }
}

function visible(piece: string, byteLevel: boolean): string {
  return byteLevel ? piece : piece.replaceAll(SPACE_MARK, " ");
}

const LENIENT = new TextDecoder("utf-8", { ignoreBOM: true });
const STRICT = new TextDecoder("utf-8", { ignoreBOM: true, fatal: true });

function ordinaryPiece(bytes: Uint8Array): Piece {
  return { text: LENIENT.decode(bytes), bytes, special: false, fragment: !isWholeUtf8(bytes) };
}

function isWholeUtf8(bytes: Uint8Array): boolean {
  // Nearly all pieces: ASCII needs no decoding.
  if (bytes.every((byte) => byte < 0x80)) return true;
  try {
    STRICT.decode(bytes);
    return true;
  } catch {
    return false;
  }
}
