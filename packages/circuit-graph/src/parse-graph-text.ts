/**
 * JSON as Python writes it: `NaN`, `Infinity` and `-Infinity` stand bare where JSON knows no word. They become null, and
 * every place is reported.
 */
import { PatchbayError } from "@patchbay/vocabulary";

export interface ParsedGraphText {
  readonly json: unknown;
  /** Where a number was not finite, as JSON pointers without the leading slash: `links/17/weight`. */
  readonly notFinite: readonly string[];
}

/** @throws PatchbayError `malformed-json` with line and column. */
export function parseGraphText(text: string): ParsedGraphText {
  const body = text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
  try {
    return { json: JSON.parse(body), notFinite: [] };
  } catch (cause) {
    // Only now is it worth to look at every character.
    const { text: mended, places } = replaceNonFinite(body);
    if (places.length > 0) {
      try {
        return { json: JSON.parse(mended), notFinite: places };
      } catch (second) {
        throw malformed(second, mended);
      }
    }
    throw malformed(cause, body);
  }
}

interface Level {
  readonly isList: boolean;
  /** Of the element or member that stands here. */
  index: number;
  name: string;
}

/** Walks over the text outside strings, and keeps the path to where it is. */
function replaceNonFinite(text: string): { text: string; places: string[] } {
  const places: string[] = [];
  const pieces: string[] = [];
  const levels: Level[] = [];
  let copied = 0;
  let place = 0;
  while (place < text.length) {
    const character = text.charCodeAt(place);
    const level = levels.at(-1);
    if (character === QUOTE) {
      const end = endOfString(text, place);
      // The name is the last string before the colon; a value's string is overwritten by the next name.
      if (level !== undefined && !level.isList && text.charCodeAt(skipSpace(text, end)) === COLON)
        level.name = text.slice(place + 1, end - 1);
      place = end;
      continue;
    }
    if (character === OPEN_OBJECT || character === OPEN_LIST)
      levels.push({ isList: character === OPEN_LIST, index: 0, name: "" });
    else if (character === CLOSE_OBJECT || character === CLOSE_LIST) levels.pop();
    else if (character === COMMA && level !== undefined) level.index += 1;
    else if (character === LETTER_N || character === LETTER_I || character === MINUS) {
      const word = NON_FINITE.find((candidate) => text.startsWith(candidate, place));
      if (word !== undefined) {
        pieces.push(text.slice(copied, place), "null");
        place += word.length;
        copied = place;
        places.push(levels.map(({ isList, index, name }) => (isList ? String(index) : name)).join("/"));
        continue;
      }
    }
    place += 1;
  }
  pieces.push(text.slice(copied));
  return { text: pieces.join(""), places };
}

/** @returns the place behind the closing quotation mark. */
function endOfString(text: string, start: number): number {
  let place = start + 1;
  for (;;) {
    const end = text.indexOf('"', place);
    if (end < 0) return text.length;
    let slashes = 0;
    while (text.charCodeAt(end - 1 - slashes) === BACKSLASH) slashes += 1;
    if (slashes % 2 === 0) return end + 1;
    place = end + 1;
  }
}

function skipSpace(text: string, start: number): number {
  let place = start;
  while (place < text.length && text.charCodeAt(place) <= SPACE) place += 1;
  return place;
}

function malformed(cause: unknown, text: string): PatchbayError {
  const detail = cause instanceof Error ? cause.message : String(cause);
  const found = /at position (\d+)/.exec(detail)?.[1];
  const where = found === undefined ? "" : ` ${lineAndColumn(text, Number(found))}`;
  return new PatchbayError("malformed-json", `This is not a JSON document${where}.`, {
    expected: "the JSON of an attribution graph",
    received: text.trim() === "" ? "an empty text" : `a text that begins with ${JSON.stringify(text.slice(0, 30))}`,
    advice: "Was the file cut off, or is it another kind of file?",
    cause,
  });
}

function lineAndColumn(text: string, place: number): string {
  const before = text.slice(0, place);
  return `(line ${before.split("\n").length}, column ${place - before.lastIndexOf("\n")})`;
}

const NON_FINITE = ["NaN", "Infinity", "-Infinity"] as const;
const [QUOTE, BACKSLASH, COLON, COMMA, MINUS, SPACE] = [0x22, 0x5c, 0x3a, 0x2c, 0x2d, 0x20];
const [OPEN_OBJECT, CLOSE_OBJECT, OPEN_LIST, CLOSE_LIST] = [0x7b, 0x7d, 0x5b, 0x5d];
const [LETTER_N, LETTER_I] = [0x4e, 0x49];
