import assert from "node:assert/strict";
import { test } from "node:test";
import { corpusFromTokens } from "../corpus/corpus.ts";
import { wordTokenizer } from "../testing/word-tokenizer.ts";
import { nGramSimulator } from "./n-grams.ts";
import { regularExpressionSimulator } from "./regular-expression.ts";
import type { TextSimulator } from "./simulators.ts";
import { tokenListSimulator } from "./token-list.ts";

const tokenizer = wordTokenizer(97);
const corpus = corpusFromTokens("test", [Int32Array.of(0, 5, 12, 5, 55, 5), Int32Array.of(0, 12, 12)], 1);

/** Positions of document 0 at which the first feature fires. */
async function firing(simulator: TextSimulator): Promise<number[]> {
  const { rows, starts } = await simulator.simulate(0);
  return Array.from({ length: rows }, (_, position) => position).filter(
    (position) => (starts[position + 1] ?? 0) > (starts[position] ?? 0),
  );
}

test("a token list fires on its tokens: exact text, or the bare word", async () => {
  assert.deepEqual(await firing(tokenListSimulator(tokenizer, corpus, 1, [" w5"])), [1, 3, 5]);
  assert.deepEqual(await firing(tokenListSimulator(tokenizer, corpus, 1, ["w5", " w12"])), [1, 2, 3, 5]);
  assert.throws(() => tokenListSimulator(tokenizer, corpus, 1, [" w5", "w999"]), {
    code: "unknown-token",
    message: /"w999" is not a single token/,
  });
});

test("every rewritten feature follows a shared rule", async () => {
  const { starts, features, values } = await tokenListSimulator(tokenizer, corpus, 3, [" w12"]).simulate(0);
  assert.deepEqual(starts, Int32Array.of(0, 0, 0, 3, 3, 3, 3));
  assert.deepEqual(features, Int32Array.of(0, 1, 2));
  assert.deepEqual(values, Float32Array.of(1, 1, 1));
});

test("an expression fires on the token in which a match ends", async () => {
  const matching = (pattern: string) => firing(regularExpressionSimulator(tokenizer, corpus, 1, pattern));
  assert.deepEqual(await matching("w5\\b"), [1, 3, 5]);
  assert.deepEqual(await matching("5 w12"), [2], "a match over two tokens fires on the last");
  assert.deepEqual(await matching("w5"), [1, 3, 4, 5], "the beginning of w55 ends inside it");
  assert.deepEqual(await matching("x*"), [], "empty matches do not count");
});

test("expressions that cannot be read, or never end, are refused", async () => {
  assert.throws(() => regularExpressionSimulator(tokenizer, corpus, 1, "(w5"), {
    code: "invalid-request",
    message: /cannot be read/,
  });
  const long = corpusFromTokens("long", [new Int32Array(200).fill(11)], 0);
  await assert.rejects(regularExpressionSimulator(tokenizer, long, 1, "(\\s?\\w+)+!").simulate(0), {
    code: "invalid-request",
    message: /too long/,
  });
});

test("n-grams: the longest that was seen often enough decides, where it fired on half of its occurrences", async () => {
  // Feature 0 fires on 5 after 12; feature 1 on every 5; feature 2 on a third of all 5.
  const documents = Array.from({ length: 6 }, () => Int32Array.of(0, 12, 5, 7, 5));
  const training = corpusFromTokens("training", [...documents, Int32Array.of(0, 12, 5, 9, 5)], 1);
  const rows = documents.flatMap((_, document) => [
    { document, position: 1, places: Int32Array.of() },
    { document, position: 2, places: Int32Array.of(0, 1) },
    { document, position: 3, places: Int32Array.of() },
    { document, position: 4, places: document < 2 ? Int32Array.of(1, 2) : Int32Array.of(1) },
  ]);
  const activations = { rows, features: [], outputMean: new Float32Array() };
  const scoresAt = async (rule: { length?: number; minimumCount?: number }, position: number) => {
    const { starts, features, values } = await nGramSimulator(training, activations, rule).simulate(6);
    const [from, to] = [starts[position] ?? 0, starts[position + 1] ?? 0];
    const found = Array.from(features.subarray(from, to), (place, i): [number, number] => [
      place,
      values[from + i] ?? 0,
    ]);
    return found.sort(([a], [b]) => a - b);
  };
  assert.deepEqual(await scoresAt({ length: 2 }, 2), [
    [0, 1],
    [1, 1],
  ]);
  // "9 5" was never seen: "5" alone decides, on half of which feature 0 fired.
  assert.deepEqual(await scoresAt({ length: 2 }, 4), [
    [0, 0.5],
    [1, 1],
  ]);
  assert.deepEqual(await scoresAt({ length: 2 }, 3), [], "a token that was never seen");
  assert.deepEqual(await scoresAt({ length: 2, minimumCount: 13 }, 2), [], "nothing was seen so often");
});
