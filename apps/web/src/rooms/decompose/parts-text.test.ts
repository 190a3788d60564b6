import assert from "node:assert/strict";
import { test } from "node:test";
import { joinParts, readComponents, readPositions, readToken, readWord, splitParts, writeToken } from "./parts-text.ts";

test("parts survive their own divider and the escape itself", () => {
  for (const parts of [["a"], ["a|b", "c\\"], ["", ""], ["\\|", "|", "x"]]) {
    assert.deepEqual(splitParts(joinParts(parts)), parts);
  }
});

test("tokens keep their spaces; ids and texts that begin with # are told apart", () => {
  for (const token of [" L", "#", "#12", "##", 365, " #1"]) assert.equal(readToken(writeToken(token)), token);
  assert.equal(readToken(""), undefined);
  assert.equal(readToken("#x"), undefined);
});

test("a word after a prompt gets its space, unless it is marked as exact or is an id", () => {
  assert.equal(readWord("she"), " she");
  assert.equal(readWord("^ily"), "ily");
  assert.equal(readWord("#365"), 365);
  assert.equal(readWord("^"), undefined);
});

test("heads and MLPs are read in every usual spelling; the rest is named", () => {
  assert.deepEqual(readComponents("L4H4, l5h1 M0 L3.mlp 2_mlp_out L9X"), {
    heads: [
      [4, 4],
      [5, 1],
    ],
    mlps: [0, 3, 2],
    unread: ["L9X"],
  });
});

test("positions are sorted, once each, with ranges", () => {
  assert.deepEqual(readPositions("7,0-3,2"), [0, 1, 2, 3, 7]);
  assert.equal(readPositions("3-1"), undefined);
  assert.equal(readPositions("x"), undefined);
});
