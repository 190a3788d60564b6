/** Quality against closed forms: what dictionaries that say nothing must score. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ensureDefined } from "@patchbay/vocabulary";
import { corpusFromTokens } from "../corpus/corpus.ts";
import { openTestDictionary, randomWeights, testSpec } from "../dictionary-comparison/testing/test-dictionary.ts";
import { fixtureService } from "../testing/open-test-service.ts";
import { seededRandom } from "../training/random.ts";
import { measureExplained, measureQuality } from "./measure-quality.ts";

test("predicting the mean leaves a variance of 1 unexplained and is mean ablation; predicting 0 is zero ablation", async () => {
  const { engine } = await fixtureService("tiny-llama");
  const random = seededRandom(2);
  const documents = Array.from({ length: 12 }, () =>
    Int32Array.from({ length: 20 }, (_, i) => (i === 0 ? 0 : 1 + random.integer(96))),
  );
  const corpus = corpusFromTokens("random tokens", documents, 1);
  const constant = async (name: string, output: Float32Array) => {
    const weights = randomWeights(testSpec({ name }), 4);
    ensureDefined(weights.tensors.W_dec).data.fill(0);
    ensureDefined(weights.tensors.b_dec).data.set(output);
    return openTestDictionary(weights);
  };
  const zero = await constant("zero", new Float32Array(32));
  const { mean, tokens } = await measureExplained(engine, corpus, zero);
  assert.equal(tokens, 12 * 19);
  const [ofZero, ofMean] = await measureQuality(engine, corpus, [zero, await constant("mean", mean)]);
  assert.ok(Math.abs(ensureDefined(ofMean).unexplained - 1) < 1e-5, `${ofMean?.unexplained}`);
  assert.ok(ensureDefined(ofZero).unexplained > 1, "about the mean, zero is worse than the mean");
  assert.ok(Math.abs(ensureDefined(ofMean).loss.recoveredAgainstMean) < 1e-3);
  assert.ok(Math.abs(ensureDefined(ofZero).loss.recoveredAgainstZero) < 1e-3);
  assert.equal(ofZero?.loss.spliced, ofZero?.loss.zero);
});
