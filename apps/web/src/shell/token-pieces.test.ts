import assert from "node:assert/strict";
import { test } from "node:test";
import { piecesOf } from "./token-pieces.ts";

const tokens = (...texts: string[]) => texts.map((text) => ({ id: text.length * 100 + text.charCodeAt(0), text }));

test("pieces are listed once each, in order", () => {
  assert.deepEqual(
    piecesOf(tokens(" L", "ily", " L")).map(({ text }) => text),
    [" L", "ily"],
  );
});

test("a single token and a sentence have no pieces to offer", () => {
  assert.deepEqual(piecesOf(tokens(" Tom")), []);
  assert.deepEqual(piecesOf(tokens("a", "b", "c", "d", "e", "f", "g", "h", "i")), []);
});
