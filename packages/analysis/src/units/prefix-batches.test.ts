import assert from "node:assert/strict";
import { test } from "node:test";
import { corpusFromTokens } from "../corpus/corpus.ts";
import { BATCH_TOKENS, prefixBatches } from "./prefix-batches.ts";

const document = (length: number) => Int32Array.from({ length }, (_, i) => i % 50);

test("prefixes meet in batches that fit, padded to the longest", () => {
  const corpus = corpusFromTokens("numbers", [document(2000), document(1500), document(9000)], 0);
  const prefixes = [
    { document: 0, length: 1000 },
    { document: 1, length: 1500, rows: 2 },
    { document: 2, length: 9000 },
    { document: 0, length: 1100 },
  ];
  const batches = prefixBatches(corpus, prefixes);
  assert.deepEqual(
    batches.map((batch) => batch.prefixes.map(({ length }) => length)),
    [[1000, 1100], [1500], [9000]],
  );
  assert.deepEqual(
    prefixBatches(corpus, prefixes.slice(1, 2).concat({ document: 1, length: 1000, rows: 1 })).length,
    2,
  );
  assert.ok(BATCH_TOKENS < 3 * 1500);
  assert.deepEqual(
    batches[0]?.tokens.map((row) => [row.length, row[999], row[1000], row[1099]]),
    [
      [1100, 49, 0, 0],
      [1100, 49, 0, 49],
    ],
  );
  assert.deepEqual(prefixBatches(corpus, []), []);
});
