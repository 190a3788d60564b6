/**
 * Where a text stops being JSON (RFC 8259). `JSON.parse` says so only for some errors and in words that change with the
 * engine; this is called only for texts that it refused.
 */
const SPACE = /[ \t\n\r]*/y;
const STRING = /"(?:[ !#-[\]-\uffff]+|\\(?:["\\/bfnrt]|u[0-9a-fA-F]{4}))*"/y;
const SCALAR = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?(?![\w.])|(?:true|false|null)(?!\w)/y;

type Expectation = "value" | "value or ]" | "key" | "key or }" | ":" | ", or ]" | ", or }" | "end";

export interface JsonErrorPosition {
  readonly offset: number;
  readonly line: number;
  readonly column: number;
  readonly expected: string;
}

export function jsonErrorPosition(text: string): JsonErrorPosition {
  const open: ("[" | "{")[] = [];
  let expectation: Expectation = "value";
  let offset = 0;

  const skip = (pattern: RegExp): boolean => {
    pattern.lastIndex = offset;
    const length = pattern.exec(text)?.[0].length ?? 0;
    offset += length;
    return length > 0;
  };
  const afterValue = (): Expectation => {
    const container = open.at(-1);
    return container === undefined ? "end" : container === "[" ? ", or ]" : ", or }";
  };
  /** The next expectation, or undefined where the text does not fit. */
  const step = (): Expectation | undefined => {
    const character = text[offset];
    const closes = character === "]" ? "[" : character === "}" ? "{" : undefined;
    if (closes !== undefined && open.at(-1) === closes && expectation.endsWith(character ?? "")) {
      open.pop();
      offset++;
      return afterValue();
    }
    if (expectation.startsWith("value")) {
      if (character === "[" || character === "{") {
        open.push(character);
        offset++;
        return character === "[" ? "value or ]" : "key or }";
      }
      return skip(STRING) || skip(SCALAR) ? afterValue() : undefined;
    }
    if (expectation.startsWith("key")) return skip(STRING) ? ":" : undefined;
    const punctuation = expectation[0];
    if (expectation === "end" || character !== punctuation) return undefined;
    offset++;
    return punctuation === ":" ? "value" : open.at(-1) === "[" ? "value" : "key";
  };

  for (;;) {
    skip(SPACE);
    const next = offset < text.length ? step() : undefined;
    if (next === undefined) break;
    expectation = next;
  }
  const before = text.slice(0, offset);
  const line = before.split("\n").length;
  return { offset, line, column: offset - before.lastIndexOf("\n"), expected: expectation };
}
