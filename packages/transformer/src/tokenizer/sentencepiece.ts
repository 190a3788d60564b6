/** SentencePiece BPE as in Llama: spaces are "▁", the text begins with one, unknown characters fall back to bytes. */
import { PatchbayError } from "@patchbay/vocabulary";
import { type AlignedText, alignedText, normalizeUnicode, prepend } from "./aligned-text.ts";
import { addCharacter, emptySymbols, type SymbolReader, type Symbols } from "./symbols.ts";
import type { Component, TokenizerFile } from "./tokenizer-file.ts";

export const SPACE_MARK = "▁";

type Step = (aligned: AlignedText, offset: number) => AlignedText;

export function sentencepieceSymbols(file: TokenizerFile): SymbolReader {
  const steps = [...file.normalizers, ...file.preTokenizers].map(stepOf);
  const split = file.preTokenizers.some(({ type, split }) => type === "Metaspace" && split !== false);
  const idsOf = characterIds(file);

  return (segment, offset) => {
    const aligned = steps.reduce((text, step) => step(text, offset), alignedText(segment, offset));
    const words: Symbols[] = [];
    let symbols = emptySymbols();
    let unit = 0;
    for (const character of aligned.text) {
      if (split && character === SPACE_MARK && symbols.ids.length > 0) {
        words.push(symbols);
        symbols = emptySymbols();
      }
      addCharacter(symbols, idsOf(character), aligned, unit, unit + character.length);
      unit += character.length;
    }
    return [...words, symbols];
  };
}

/** Whether encoding puts a space in front, which decoding takes away again. */
export function hasDummyPrefix({ normalizers, preTokenizers }: TokenizerFile): boolean {
  return (
    normalizers.some(({ type }) => type === "Prepend") ||
    preTokenizers.some((component) => component.type === "Metaspace" && prefixScheme(component) !== "never")
  );
}

function characterIds({ vocabulary, byteFallback, unknownToken }: TokenizerFile): (character: string) => number[] {
  const encoder = new TextEncoder();
  const byteIds = Array.from({ length: 256 }, (_, byte) => vocabulary.get(byteName(byte)));
  return (character) => {
    const id = vocabulary.get(character);
    if (id !== undefined) return [id];
    const bytes = byteFallback ? Array.from(encoder.encode(character), (byte) => byteIds[byte]) : [undefined];
    const known = bytes.filter((byteId) => byteId !== undefined);
    if (known.length === bytes.length) return known;
    if (unknownToken !== undefined) return [unknownToken];
    throw new PatchbayError("empty-input", `This tokenizer has no token for "${character}".`, {
      advice: "Leave the character out.",
    });
  };
}

export function byteName(byte: number): string {
  return `<0x${byte.toString(16).toUpperCase().padStart(2, "0")}>`;
}

/** The byte of "<0x0A>", or undefined for other pieces. */
export function byteOfName(piece: string): number | undefined {
  const digits = /^<0x([0-9A-F]{2})>$/.exec(piece)?.[1];
  return digits === undefined ? undefined : Number.parseInt(digits, 16);
}

function stepOf(component: Component): Step {
  switch (component.type) {
    case "NFC":
    case "NFD":
    case "NFKC":
    case "NFKD": {
      const form = component.type;
      return (aligned) => normalizeUnicode(aligned, form);
    }
    case "Prepend":
      if (component["prepend"] === SPACE_MARK) return (aligned) => withMark(aligned);
      break;
    case "Replace":
      if (isSpaceReplacement(component)) return withMarkedSpaces;
      break;
    case "Split":
      // Gemma splits at spaces, which are no more there.
      if ((component["pattern"] as { String?: string } | undefined)?.String === " ") return (aligned) => aligned;
      break;
    case "Metaspace": {
      const scheme = prefixScheme(component);
      return (aligned, offset) => {
        const marked = withMarkedSpaces(aligned);
        const wanted = scheme === "always" || (scheme === "first" && offset === 0);
        return wanted && !marked.text.startsWith(SPACE_MARK) ? withMark(marked) : marked;
      };
    }
  }
  throw new PatchbayError("unsupported-model", "A step of this tokenizer is not supported.", {
    expected: `Prepend and Replace of "${SPACE_MARK}", Metaspace, NFC, NFD, NFKC, NFKD`,
    received: JSON.stringify(component),
  });
}

function withMark(aligned: AlignedText): AlignedText {
  return aligned.text === "" ? aligned : prepend(SPACE_MARK, aligned);
}

function withMarkedSpaces(aligned: AlignedText): AlignedText {
  return { ...aligned, text: aligned.text.replaceAll(" ", SPACE_MARK) };
}

function isSpaceReplacement({ pattern, content }: Component): boolean {
  return content === SPACE_MARK && (pattern as { String?: string } | undefined)?.String === " ";
}

function prefixScheme(component: Component): string {
  const legacy = component["add_prefix_space"] === false ? "never" : "always";
  return typeof component["prepend_scheme"] === "string" ? component["prepend_scheme"] : legacy;
}
