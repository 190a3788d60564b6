import assert from "node:assert/strict";
import { test } from "node:test";
import { corpusFromTokens } from "../corpus/corpus.ts";
import { splitDocuments } from "./split-documents.ts";

const corpus = corpusFromTokens(
  "test",
  Array.from({ length: 20 }, () => new Int32Array(11)),
  1,
);

test("each part takes whole documents until it has its tokens", () => {
  assert.deepEqual(splitDocuments(corpus, 45, 30), {
    train: { from: 0, to: 5, tokens: 50 },
    test: { from: 5, to: 8, tokens: 30 },
  });
});

test("a corpus with too few tokens is divided in proportion, and each part has a document", () => {
  assert.deepEqual(splitDocuments(corpus, 8000, 8000), {
    train: { from: 0, to: 10, tokens: 100 },
    test: { from: 10, to: 20, tokens: 100 },
  });
  const two = corpusFromTokens("two", [new Int32Array(200), new Int32Array(3)], 1);
  assert.deepEqual(splitDocuments(two, 100, 100).test, { from: 1, to: 2, tokens: 2 });
  const one = corpusFromTokens("one", [new Int32Array(200)], 1);
  assert.throws(() => splitDocuments(one, 10, 10), { code: "empty-input" });
});
