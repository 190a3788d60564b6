/**
 * Reads llama2.c's tokenizer.bin: int32 longest piece, then per piece float32 score, int32 length, bytes.
 *
 * It is a SentencePiece model with the "▁" already turned into a space. The older form spells byte pieces as the
 * character of that code ("\n"), the newer by name ("<0x0A>"); in both they are pieces 3 … 258.
 */
import { PatchbayError } from "@patchbay/vocabulary";

export interface ScoredPiece {
  /** As SentencePiece has it: "▁L", "<0x0A>", "<s>". */
  readonly text: string;
  readonly score: number;
}

const SPECIAL_PIECES = ["<unk>", "<s>", "</s>"];
const FIRST_BYTE = SPECIAL_PIECES.length;
/** Id of the first piece that is neither special nor a byte. */
export const FIRST_NORMAL_PIECE = FIRST_BYTE + 256;

/** @throws PatchbayError `damaged-file` */
export function readLlama2cTokenizer(bytes: Uint8Array, vocabulary: number, file: string): ScoredPiece[] {
  const records = readRecords(bytes, file);
  if (records.length !== vocabulary) {
    throw new PatchbayError("damaged-file", `${file} is not the tokenizer of this checkpoint.`, {
      expected: `${vocabulary} pieces`,
      received: `${records.length} pieces`,
      advice: "Give the tokenizer that the model was trained with: --tokenizer FILE.",
    });
  }
  const pieces = records.map(({ text, score }, id) => ({ text: pieceText(text, id, file), score }));
  const seen = new Set<string>();
  for (const { text } of pieces) {
    if (seen.has(text)) throw damaged(file, "different pieces", `"${text}" twice`);
    seen.add(text);
  }
  return pieces;
}

function readRecords(bytes: Uint8Array, file: string): ScoredPiece[] {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const decoder = new TextDecoder("utf-8", { fatal: true, ignoreBOM: true });
  const records: ScoredPiece[] = [];
  let offset = 4;
  while (offset < bytes.length) {
    const number = records.length;
    if (offset + 8 > bytes.length) throw damaged(file, `piece ${number} whole`, "the end of the file");
    const score = view.getFloat32(offset, true);
    const length = view.getInt32(offset + 4, true);
    offset += 8;
    if (length < 0 || offset + length > bytes.length) {
      throw damaged(file, `piece ${number} whole`, `a length of ${length} with ${bytes.length - offset} bytes left`);
    }
    try {
      records.push({ text: decoder.decode(bytes.subarray(offset, offset + length)), score });
    } catch (cause) {
      throw damaged(file, `UTF-8 in piece ${number}`, "other bytes", cause);
    }
    offset += length;
  }
  return records;
}

function pieceText(stored: string, id: number, file: string): string {
  const special = SPECIAL_PIECES[id];
  if (special !== undefined) {
    if (stored.trim() !== special) throw damaged(file, `piece ${id} to be ${special}`, JSON.stringify(stored));
    return special;
  }
  if (id >= FIRST_NORMAL_PIECE) return stored.replaceAll(" ", "▁");
  const byte = id - FIRST_BYTE;
  const name = `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`;
  if (stored !== name && stored !== String.fromCharCode(byte)) {
    throw damaged(file, `piece ${id} to be ${name}`, JSON.stringify(stored));
  }
  return name;
}

function damaged(file: string, expected: string, received: string, cause?: unknown): PatchbayError {
  return new PatchbayError("damaged-file", `${file} is not a whole llama2.c tokenizer.`, {
    expected,
    received,
    advice: "Copy it again, or make it again with llama2.c's tokenizer.py.",
    cause,
  });
}
