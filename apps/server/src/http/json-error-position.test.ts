import assert from "node:assert/strict";
import { test } from "node:test";
import { jsonErrorPosition } from "./json-error-position.ts";

const CASES: readonly [text: string, offset: number, expected: string][] = [
  ['{"value": NaN}', 10, "value"],
  ['{"a": 1,}', 8, "key"],
  ["[1, 2", 5, ", or ]"],
  ["[1 2]", 3, ", or ]"],
  ['{"a" 1}', 5, ":"],
  ["{a: 1}", 1, "key or }"],
  ['{"a": "x\ny"}', 6, "value"],
  ["[1]]", 3, "end"],
  ["[01]", 1, "value or ]"],
  ["[}", 1, "value or ]"],
  ["", 0, "value"],
];

for (const [text, offset, expected] of CASES) {
  test(`${JSON.stringify(text)} stops being JSON at ${offset}`, () => {
    assert.throws(() => JSON.parse(text), SyntaxError);
    assert.deepEqual([jsonErrorPosition(text).offset, jsonErrorPosition(text).expected], [offset, expected]);
  });
}

test("line and column count from 1", () => {
  const { line, column } = jsonErrorPosition('{\n  "a": 1,\n  "b": ?\n}');
  assert.deepEqual([line, column], [3, 8]);
});

test("large texts are read without exhausting anything", () => {
  const text = `{"a": "${"é\\n".repeat(2_000_000)}", "b": ${"[".repeat(100_000)}`;
  assert.equal(jsonErrorPosition(text).offset, text.length);
});
