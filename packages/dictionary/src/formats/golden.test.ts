/** Every format's fixture, imported, computes what the library that the format belongs to computes. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ensureDefined } from "@patchbay/vocabulary";
import { type DictionaryFixture, dictionaryFixtures, importAll } from "../testing/fixtures.ts";
import { runReference } from "../testing/reference-dictionary.ts";

/**
 * Relative to the largest magnitude. The goldens are sums of at most 40 products in float32 (unit roundoff 6e-8), of inputs
 * and weights of size one; the reference is float64. Folded scales add two roundings. Measured: at most 4.3e-7.
 */
const TOLERANCE = 1e-5;

function assertClose(actual: ArrayLike<number>, expected: ArrayLike<number>, what: string): void {
  assert.equal(actual.length, expected.length, `${what}: number of values`);
  let largest = 0;
  for (let i = 0; i < expected.length; i++) largest = Math.max(largest, Math.abs(expected[i] ?? 0));
  for (let i = 0; i < expected.length; i++) {
    const difference = Math.abs((actual[i] ?? Number.NaN) - (expected[i] ?? 0));
    assert.ok(difference <= TOLERANCE * largest, `${what} at ${i}: ${actual[i]} is not ${expected[i]}`);
  }
}

async function checkFixture({ path, dictionaries }: DictionaryFixture): Promise<void> {
  const imported = await importAll(path);
  assert.equal(imported.length, dictionaries.length, "number of dictionaries");
  const results = imported.map((weights, i) => runReference(weights, ensureDefined(dictionaries[i]).input));
  dictionaries.forEach(({ features, output, total }, i) => {
    const result = ensureDefined(results[i]);
    assertClose(result.features, features, `features of dictionary ${i}`);
    assert.ok(features.some((value) => value !== 0));
    if (output !== undefined) assertClose(ensureDefined(result.outputs[0]), output, `output of dictionary ${i}`);
    if (total === undefined) return;
    // Layer i receives its own output and what the dictionaries below write to it.
    const sum = new Float64Array(total.length);
    for (let below = 0; below <= i; below++) {
      results[below]?.outputs[i - below]?.forEach((value, at) => {
        sum[at] = (sum[at] ?? 0) + value;
      });
    }
    assertClose(sum, total, `summed output at layer ${i}`);
  });
}

const fixtures = await dictionaryFixtures();

test("every format has fixtures", () => {
  assert.ok(fixtures.length >= 20, `${fixtures.length} fixtures`);
  for (const start of ["sae-lens", "circuit-tracer", "sparsify", "gemma-scope", "llama-scope"]) {
    assert.ok(
      fixtures.some(({ name }) => name.startsWith(start)),
      start,
    );
  }
});

for (const fixture of fixtures) {
  test(`${fixture.name} computes what ${fixture.madeBy} computes`, () => checkFixture(fixture));
}
