import assert from "node:assert/strict";
import { test } from "node:test";
import { visibleTokens } from "./visible-tokens.ts";

test("tokens become columns that can be read", () => {
  const tokens = visibleTokens([
    { id: 1, text: "<s>", start: 0, end: 0, special: true },
    { id: 4335, text: " Tom", start: 0, end: 3 },
    { id: 243, text: "\ufffd", start: 3, end: 3, bytes: "f0" },
  ]);
  assert.deepEqual(
    tokens.map(({ text, label, special }) => [text, label, special]),
    [
      ["⟨s⟩", "0", true],
      ["·Tom", "1", false],
      ["<f0>", "2", false],
    ],
  );
});
