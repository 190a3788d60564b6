import assert from "node:assert/strict";
import { test } from "node:test";
import { numberTokenizer } from "./number-tokenizer.ts";

const tokenizer = numberTokenizer(20);
const ids = (text: string) => tokenizer.encode(text, { prependBos: true }).map(({ id }) => id);

test("numbers between white space are tokens, at their places", () => {
  assert.deepEqual(ids("3 19\t0\n 7 "), [3, 19, 0, 7]);
  assert.deepEqual(tokenizer.encode(" 12  5", { prependBos: false }), [
    { id: 12, text: "12", start: 1, end: 3 },
    { id: 5, text: "5", start: 5, end: 6 },
  ]);
  assert.deepEqual(ids("  "), []);
});

test("what is written is read again", () => {
  assert.equal(tokenizer.decode([4, 0, 19]), "4 0 19");
  assert.deepEqual(ids(tokenizer.decode([4, 0, 19])), [4, 0, 19]);
  assert.deepEqual(tokenizer.describe([4, 10, 9]), tokenizer.encode("4 10 9", { prependBos: false }));
  assert.equal(tokenizer.idOf("19"), 19);
  assert.equal(tokenizer.idOf("20"), undefined);
});

test("other words are refused with the vocabulary", () => {
  for (const text of ["20", "-1", "1.5", "07", "one", "3,4", "1e1"])
    assert.throws(() => ids(text), { code: "unknown-token", message: /0 to 19/ });
});

test("answers that cannot be asked have texts, but cannot be read", () => {
  const wide = numberTokenizer(5, 9);
  assert.equal(wide.textOf(8), "8");
  assert.equal(wide.vocabularySize, 9);
  assert.throws(() => wide.encode("8", { prependBos: false }), { code: "unknown-token" });
});
