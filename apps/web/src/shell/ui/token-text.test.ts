import assert from "node:assert/strict";
import { test } from "node:test";
import { visibleToken } from "./token-text.ts";

test("white space can be seen", () => {
  assert.equal(visibleToken(" ball"), "·ball");
  assert.equal(visibleToken("  "), "··");
  assert.equal(visibleToken("a\nb\tc\r"), "a⏎b⇥c␍");
});

test("special tokens stand in angle brackets, ordinary text that looks like markup does not", () => {
  assert.equal(visibleToken("<s>"), "⟨s⟩");
  assert.equal(visibleToken("\n<s>\n"), "⟨s⟩");
  assert.equal(visibleToken("<|endoftext|>", true), "⟨|endoftext|⟩");
  assert.equal(visibleToken("<div>"), "<div>");
});

test("nothing and invisible characters have a sign of their own", () => {
  assert.equal(visibleToken(""), "∅");
  assert.equal(visibleToken("a\u200bb"), "a\\x200bb");
  assert.equal(visibleToken("\ufe0f"), "\\xfe0f");
  assert.equal(visibleToken("\u0007"), "\\x07");
});
