/**
 * The tokenizer of a model that has none: token i is the text "i", and texts are numbers between white space. Models of
 * algorithmic tasks (modular addition, sorting) are read and written so.
 */
import { access } from "node:fs/promises";
import { join } from "node:path";
import { PatchbayError } from "@patchbay/vocabulary";
import { isHookedConfig, readHookedConfig } from "../families/hooked-transformer-config.ts";
import type { Tokenizer, TokenPiece } from "./tokenizer.ts";
import { readConfigBeside } from "./tokenizer-file.ts";

/** `inputs` tokens can be read; `outputs`, which may be more, can be shown. */
export function numberTokenizer(inputs: number, outputs = inputs): Tokenizer {
  const size = Math.max(inputs, outputs);
  const idOf = (text: string) => {
    const id = Number(text);
    return /^(0|[1-9]\d*)$/.test(text) && id < size ? id : undefined;
  };
  const describe = (ids: readonly number[]) => {
    let start = 0;
    return ids.map((id): TokenPiece => {
      const text = String(id);
      const piece = { id, text, start, end: start + text.length };
      start = piece.end + 1;
      return piece;
    });
  };
  return {
    vocabularySize: size,
    numbers: true,
    bosToken: undefined,
    eosToken: undefined,
    textOf: String,
    bytesOf: (id) => new TextEncoder().encode(String(id)),
    isSpecial: () => false,
    idOf,
    describe,
    decode: (ids) => ids.join(" "),
    encode: (text) =>
      Array.from(text.matchAll(/\S+/g), ({ 0: word, index }) => {
        const id = idOf(word);
        if (id === undefined || id >= inputs) throw notANumber(word, inputs);
        return { id, text: word, start: index, end: index + word.length };
      }),
  };
}

/** How many numbers a HookedTransformer folder without tokenizer.json reads and writes; undefined for other folders. */
export async function numbersInstead(
  folder: string,
): Promise<{ vocabulary: number; outputVocabulary: number } | undefined> {
  const hasTokenizer = await access(join(folder, "tokenizer.json")).then(
    () => true,
    () => false,
  );
  if (hasTokenizer) return undefined;
  const config = await readConfigBeside(folder);
  return isHookedConfig(config) ? readHookedConfig(config).shape : undefined;
}

function notANumber(word: string, inputs: number): PatchbayError {
  return new PatchbayError("unknown-token", `${JSON.stringify(word)} is not in this model's vocabulary.`, {
    expected: `numbers from 0 to ${inputs - 1}, separated by spaces: this model comes without a tokenizer`,
    received: JSON.stringify(word),
  });
}
