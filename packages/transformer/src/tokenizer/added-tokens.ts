/** Finds tokens that are matched in the raw text before anything else: `<s>`, `<|endoftext|>`, chat markers. */
import type { AddedToken } from "./tokenizer-file.ts";

export interface TextSegment {
  readonly start: number;
  readonly end: number;
  /** The added token that the segment is, or undefined for ordinary text. */
  readonly token?: AddedToken;
}

/** Covers the text exactly, in order. The longest token that begins at a place wins. */
export function splitAtAddedTokens(tokens: readonly AddedToken[]): (text: string) => TextSegment[] {
  if (tokens.length === 0) return (text) => (text === "" ? [] : [{ start: 0, end: text.length }]);
  const byContent = new Map(tokens.map((token) => [token.content, token]));
  const longestFirst = [...byContent.keys()].sort((a, b) => b.length - a.length);
  const pattern = new RegExp(
    longestFirst.map((content) => content.replace(/[\\^$.*+?()[\]{}|/-]/g, "\\$&")).join("|"),
    "g",
  );

  return (text) => {
    const segments: TextSegment[] = [];
    let done = 0;
    for (const match of text.matchAll(pattern)) {
      const token = byContent.get(match[0]);
      // White space taken by the token before can reach over this match.
      if (token === undefined || match.index < done) continue;
      let start = match.index;
      let end = start + match[0].length;
      if (token.lstrip) start = done + text.slice(done, start).trimEnd().length;
      if (token.rstrip) end = text.length - text.slice(end).trimStart().length;
      if (start > done) segments.push({ start: done, end: start });
      segments.push({ start, end, token });
      done = end;
    }
    if (done < text.length) segments.push({ start: done, end: text.length });
    return segments;
  };
}
