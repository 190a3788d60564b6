import assert from "node:assert/strict";
import { test } from "node:test";
import { markDifferences } from "./text-difference.ts";

function show(before: string, after: string): [string, string] {
  const marks = markDifferences([...before], [...after], (a, b) => a === b);
  const text = (side: typeof marks.before) =>
    side.map(({ item, changed }) => (changed ? item.toUpperCase() : item)).join("");
  return [text(marks.before), text(marks.after)];
}

test("equal texts have no marks", () => assert.deepEqual(show("abc", "abc"), ["abc", "abc"]));
test("an insertion is marked in the after alone", () => assert.deepEqual(show("abc", "axbc"), ["abc", "aXbc"]));
test("a replacement is marked in both", () => assert.deepEqual(show("abc", "axc"), ["aBc", "aXc"]));
test("one side still empty while it streams", () => assert.deepEqual(show("abc", ""), ["ABC", ""]));
test("unmarked tokens are the same text on both sides", () => {
  const { before, after } = markDifferences([1, 2, 3, 4, 1, 2], [2, 1, 4, 4, 2], (a, b) => a === b);
  const kept = (side: typeof before) => side.filter(({ changed }) => !changed).map(({ item }) => item);
  assert.deepEqual(kept(before), kept(after));
});
