/** What byte-pair encoding starts from: one word's smallest pieces, each with its range in the original text. */
import type { AlignedText } from "./aligned-text.ts";

export interface Symbols {
  readonly ids: number[];
  readonly starts: number[];
  readonly ends: number[];
}

/** Turns a segment of ordinary text into words; pieces never reach across words. `offset` is its place in the text. */
export type SymbolReader = (segment: string, offset: number) => Symbols[];

export function emptySymbols(): Symbols {
  return { ids: [], starts: [], ends: [] };
}

/** A character (units `from` … `to` of the aligned text) as one or more ids. The first gets the character's range. */
export function addCharacter(
  symbols: Symbols,
  ids: readonly number[],
  { starts, ends }: AlignedText,
  from: number,
  to: number,
): void {
  const start = starts[from] ?? 0;
  const end = ends[to - 1] ?? start;
  ids.forEach((id, index) => {
    symbols.ids.push(id);
    symbols.starts.push(index === 0 ? start : end);
    symbols.ends.push(end);
  });
}
