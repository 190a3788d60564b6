/** The graphs on the runtime against golden values that other programs computed (models/fixtures/dictionaries). */
import assert from "node:assert/strict";
import { test } from "node:test";
import { buildDenseEncodeGraph, DICTIONARY_VALUES } from "@patchbay/dictionary";
import { dictionaryFixtures, importAll } from "@patchbay/dictionary/testing";
import { ensureDefined, tensor } from "@patchbay/vocabulary";
import { openTestDictionary, randomWeights, testSpec } from "../dictionary-comparison/testing/test-dictionary.ts";
import { fixtureService } from "../testing/open-test-service.ts";
import { encodeFeatures, reconstruct } from "./encode-features.ts";

/** float32 sums in another order: a few units in the seventh digit of the largest value. */
const TOLERANCE = 1e-5;

for (const fixture of await dictionaryFixtures()) {
  test(`${fixture.name}: features and outputs on the runtime equal the golden ones (${fixture.madeBy})`, async () => {
    const { engine } = await fixtureService("tiny-llama");
    const all = await importAll(fixture.path, fixture.name.startsWith("sae-lens-expected") ? {} : {}).catch(
      () => undefined,
    );
    if (all === undefined) return importNeedsFacts(fixture.name);
    for (const [i, weights] of all.entries()) {
      const golden = ensureDefined(fixture.dictionaries[i]);
      const dictionary = await openTestDictionary(weights);
      const { inputWidth, features, skipsFirstPosition } = weights.spec;
      const rows = golden.input.length / inputWidth;
      const input = tensor(["row", "input"], [rows, inputWidth], golden.input);
      const { features: sparse, outputs } = await reconstruct(engine, dictionary, input);
      const dense = new Float32Array(rows * features);
      for (let row = skipsFirstPosition ? 1 : 0; row < rows; row++) {
        for (let e = ensureDefined(sparse.starts[row]); e < ensureDefined(sparse.starts[row + 1]); e++) {
          dense[row * features + ensureDefined(sparse.features[e])] = ensureDefined(sparse.values[e]);
        }
      }
      near(dense, golden.features, "features");
      const from = skipsFirstPosition ? weights.spec.outputWidth : 0;
      if (golden.output !== undefined)
        near(ensureDefined(outputs[0]).data.subarray(from), golden.output.subarray(from), "output");
      const encoded = await encodeFeatures(engine, dictionary, input);
      assert.deepEqual([encoded.features, encoded.values], [sparse.features, sparse.values], "encode alone");
      const { dense: whole } = await engine.evaluate(
        { key: `test.dense.${dictionary.hash}`, build: () => buildDenseEncodeGraph(dictionary) },
        { [DICTIONARY_VALUES.input]: input },
        [DICTIONARY_VALUES.dense],
      );
      near(
        whole.data.subarray(skipsFirstPosition ? features : 0),
        dense.subarray(skipsFirstPosition ? features : 0),
        "dense",
      );
    }
  });
}

test("rows are encoded in pieces of bounded memory with the same result, and no rows give none", async () => {
  const { engine } = await fixtureService("tiny-llama");
  const dictionary = await openTestDictionary(randomWeights(testSpec({ features: 4000, name: "many" }), 3));
  const rows = 7000;
  const data = Float32Array.from({ length: rows * 32 }, (_, i) => Math.sin(i));
  const whole = await encodeFeatures(engine, dictionary, tensor(["row", "input"], [rows, 32], data));
  assert.equal(whole.rows, rows);
  const last = await encodeFeatures(engine, dictionary, tensor(["row", "input"], [1, 32], data.slice(-32)));
  assert.deepEqual(whole.values.slice(ensureDefined(whole.starts[rows - 1])), last.values);
  const none = await encodeFeatures(engine, dictionary, tensor(["row", "input"], [0, 32], new Float32Array(0)));
  assert.deepEqual([none.rows, none.values.length], [0, 0]);
});

function near(actual: Float32Array, expected: Float32Array, what: string): void {
  assert.equal(actual.length, expected.length, what);
  const scale = expected.reduce((largest, value) => Math.max(largest, Math.abs(value)), 0);
  const worst = actual.reduce((most, value, i) => Math.max(most, Math.abs(value - ensureDefined(expected[i]))), 0);
  assert.ok(worst <= TOLERANCE * scale, `${what} differ by ${worst} of ${scale}`);
}

/** Only formats that leave their site to the person may refuse to be imported without being told. */
function importNeedsFacts(name: string): void {
  assert.match(name, /gemma-scope|llama-scope|expected-average/, `${name} is not imported`);
}
