/** GPT-2's byte-level BPE and its descendants: split into words by a pattern, then into bytes. */
import { Tokenizer as Components } from "@huggingface/tokenizers";
import { PatchbayError } from "@patchbay/vocabulary";
import { type AlignedText, alignedText, normalizeUnicode, prepend } from "./aligned-text.ts";
import { BYTE_CHARACTERS } from "./byte-characters.ts";
import { addCharacter, emptySymbols, type SymbolReader, type Symbols } from "./symbols.ts";
import type { Component, TokenizerFile } from "./tokenizer-file.ts";

/**
 * GPT-2's own pattern. `\p{White_Space}` and not `\s`: JavaScript counts U+FEFF as white space and U+0085 not, Rust
 * the other way round.
 */
const GPT2_WORDS =
  /'s|'t|'re|'ve|'m|'ll|'d| ?\p{L}+| ?\p{N}+| ?[^\p{White_Space}\p{L}\p{N}]+|\p{White_Space}+(?!\P{White_Space})|\p{White_Space}+/gu;

export function isByteLevel({ preTokenizers, decoders }: TokenizerFile): boolean {
  return [...preTokenizers, ...decoders].some(({ type }) => type === "ByteLevel");
}

/** @throws PatchbayError `unsupported-model` for normalisers that we do not reproduce, `damaged-file` without all bytes. */
export function byteLevelSymbols(file: TokenizerFile): SymbolReader {
  const forms = file.normalizers.map(unicodeForm);
  const prefixed = file.preTokenizers.some((component) => component["add_prefix_space"] === true);
  const splitters = file.preTokenizers.map(splitterOf);
  const byteIds = BYTE_CHARACTERS.map((character) => file.vocabulary.get(character) ?? file.unknownToken);
  const encoder = new TextEncoder();

  const idOfByte = (byte: number): number => {
    const id = byteIds[byte];
    if (id !== undefined) return id;
    throw new PatchbayError("damaged-file", "tokenizer.json lacks a byte of its byte-level vocabulary.", {
      expected: `the piece "${BYTE_CHARACTERS[byte]}" for byte ${byte}`,
    });
  };
  const symbolsOf = (aligned: AlignedText, from: number, to: number): Symbols => {
    const symbols = emptySymbols();
    const word = aligned.text.slice(from, to);
    const whole = file.ignoreMerges ? file.vocabulary.get(spelled(encoder.encode(word))) : undefined;
    if (whole !== undefined) {
      addCharacter(symbols, [whole], aligned, from, to);
      return symbols;
    }
    let unit = from;
    for (const character of word) {
      addCharacter(symbols, Array.from(encoder.encode(character), idOfByte), aligned, unit, unit + character.length);
      unit += character.length;
    }
    return symbols;
  };

  return (segment, offset) => {
    let aligned = forms.reduce(normalizeUnicode, alignedText(segment, offset));
    if (prefixed && !aligned.text.startsWith(" ")) aligned = prepend(" ", aligned);
    const words = splitters.reduce((parts, split) => parts.flatMap(split), [aligned.text]);
    let unit = 0;
    return words.map((word) => {
      const from = unit;
      unit += word.length;
      return symbolsOf(aligned, from, unit);
    });
  };
}

function spelled(bytes: Uint8Array): string {
  return Array.from(bytes, (byte) => BYTE_CHARACTERS[byte]).join("");
}

function unicodeForm({ type }: Component): "NFC" | "NFD" | "NFKC" | "NFKD" {
  if (type === "NFC" || type === "NFD" || type === "NFKC" || type === "NFKD") return type;
  throw new PatchbayError("unsupported-model", "This tokenizer's normaliser is not supported.", {
    expected: "NFC, NFD, NFKC, NFKD or none",
    received: type,
  });
}

type Splitter = (text: string) => string[];

function splitterOf(component: Component): Splitter {
  if (component.type === "ByteLevel") {
    return component["use_regex"] === false ? (text) => [text] : (text) => text.match(GPT2_WORDS) ?? [];
  }
  // Patterns of other splitters are in Oniguruma's syntax; the library translates them.
  const stub = { model: { type: "BPE", vocab: {}, merges: [] }, added_tokens: [], normalizer: null, decoder: null };
  const { pre_tokenizer: splitter } = new Components({ ...stub, post_processor: null, pre_tokenizer: component }, {});
  return (text) => {
    const parts = text === "" ? [] : (splitter?.pre_tokenize_text(text) ?? [text]);
    if (parts.join("") === text) return parts;
    throw new PatchbayError("unsupported-model", "This tokenizer drops characters when it splits words.", {
      expected: "a splitter that keeps every character",
      received: component.type,
    });
  };
}
