import assert from "node:assert/strict";
import { test } from "node:test";
import { Comparison } from "@patchbay/contract";
import { tensor } from "@patchbay/vocabulary";
import { fixtureService, UNDISTURBED } from "../testing/open-test-service.ts";
import { seededRandom, shuffle } from "../training/random.ts";
import { compareDictionaries } from "./compare-dictionaries.ts";
import { decodeSeedBadges, encodeSeedBadges, seedBadges } from "./seed-badges.ts";
import { openTestDictionary, permutedWeights, randomWeights, testSpec } from "./testing/test-dictionary.ts";

const FEATURES = 120;
const weights = randomWeights(testSpec({ name: "original", features: FEATURES }), 1);
const order = shuffle(
  Int32Array.from({ length: FEATURES }, (_, i) => i),
  seededRandom(9),
);

for (const vectors of ["both", "encoder", "decoder"] as const) {
  for (const matching of ["one-to-one", "greedy"] as const) {
    test(`${vectors}, ${matching}: a dictionary against itself and a permuted copy is all shared, a random one not at all`, async () => {
      const { engine } = await fixtureService("tiny-llama");
      const original = await openTestDictionary(weights);
      const copy = await openTestDictionary(permutedWeights(weights, order));
      const other = await openTestDictionary(randomWeights(testSpec({ name: "other", features: 150 }), 2));
      const compare = (right: typeof original) =>
        compareDictionaries(engine, original, right, { vectors, matching }, {}, UNDISTURBED);

      const itself = await compare(original);
      assert.equal(itself.shared, 1);
      assert.deepEqual(itself.pairs.right, itself.pairs.left);
      assert.deepEqual(itself.unmatched, []);
      assert.equal(itself.curve.shared.at(-1), 1, "even at threshold 1, up to rounding");
      assert.equal(itself.histogram.counts.at(-1), FEATURES);

      const permuted = await compare(copy);
      assert.equal(permuted.shared, 1);
      for (const [row, feature] of order.entries()) assert.equal(permuted.pairs.right[feature], row);

      const unrelated = Comparison.parse(await compare(other));
      assert.equal(unrelated.shared, 0);
      assert.equal(unrelated.random, 0);
      assert.equal(unrelated.unmatched.length, FEATURES);
      assert.deepEqual(unrelated.alive, { left: FEATURES, right: 150 });
      const similarities = unrelated.unmatched.map(({ similarity }) => similarity);
      assert.deepEqual(
        similarities,
        [...similarities].sort((a, b) => a - b),
      );
    });
  }
}

test("one-to-one with fewer features on the right leaves the rest without partner, and never shares a partner", async () => {
  const { engine } = await fixtureService("tiny-llama");
  const original = await openTestDictionary(weights);
  const half = await openTestDictionary(
    permutedWeights(
      { spec: testSpec({ name: "half", features: FEATURES }), tensors: weights.tensors },
      Int32Array.from({ length: FEATURES }, (_, i) => i % (FEATURES / 2)),
    ),
  );
  const living = Uint8Array.from({ length: FEATURES }, (_, i) => (i < FEATURES / 2 ? 1 : 0));
  const found = await compareDictionaries(engine, original, half, {}, { aliveRight: living }, UNDISTURBED);
  assert.equal(found.shared, 0.5);
  assert.equal(found.pairs.right.filter((partner) => partner < 0).length, FEATURES / 2);
  assert.equal(new Set(found.pairs.right.filter((partner) => partner >= 0)).size, FEATURES / 2);
  // Greedily, as both halves of the left find their partner in the right's whole list, nothing changes for the first half.
  const greedy = await compareDictionaries(engine, half, original, { matching: "greedy" }, {}, UNDISTURBED);
  assert.equal(greedy.shared, 1);
  assert.equal(greedy.pairs.right[FEATURES / 2], 0, "several may have the same partner");
});

test("dead features take no part, told by the caller or by the density tensor", async () => {
  const { engine } = await fixtureService("tiny-llama");
  const density = tensor(
    ["feature"],
    [FEATURES],
    Float32Array.from({ length: FEATURES }, (_, i) => (i % 3 === 0 ? 0 : 0.1)),
  );
  const stored = await openTestDictionary({ spec: weights.spec, tensors: { ...weights.tensors, density } });
  const whole = await openTestDictionary(weights);
  const byDensity = await compareDictionaries(engine, stored, whole, {}, {}, UNDISTURBED);
  assert.deepEqual(byDensity.alive, { left: 80, right: FEATURES });
  assert.deepEqual(byDensity.pairs.left, byDensity.pairs.right);
  assert.ok(!byDensity.pairs.left.includes(3));

  const first = Uint8Array.from({ length: FEATURES }, (_, i) => (i < 5 ? 1 : 0));
  const told = await compareDictionaries(
    engine,
    stored,
    whole,
    {},
    { aliveLeft: first, aliveRight: first },
    UNDISTURBED,
  );
  assert.deepEqual(told.pairs, { left: [0, 1, 2, 3, 4], right: [0, 1, 2, 3, 4], similarity: told.pairs.similarity });
  const none = { aliveLeft: new Uint8Array(FEATURES) };
  await assert.rejects(compareDictionaries(engine, stored, whole, {}, none, UNDISTURBED), { code: "empty-input" });
});

test("both sides' similarity is the mean of the two cosines", async () => {
  const { engine } = await fixtureService("tiny-llama");
  const original = await openTestDictionary(weights);
  const other = await openTestDictionary(randomWeights(testSpec({ name: "other", features: FEATURES }), 2));
  const found = await compareDictionaries(engine, original, other, { matching: "greedy" }, {}, UNDISTURBED);
  const [otherEncoder, otherDecoder] = [await other.read("W_enc"), await other.read("W_dec")];
  const cosine = (a: Float32Array, b: Float32Array) => {
    const dot = (p: Float32Array, q: Float32Array) => p.reduce((sum, value, i) => sum + value * (q[i] ?? 0), 0);
    return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
  };
  const row = (data: Float32Array, feature: number) => data.subarray(feature * 32, feature * 32 + 32);
  const similarity = (left: number, right: number) =>
    (cosine(row(weights.tensors.W_enc?.data ?? new Float32Array(), left), row(otherEncoder.data, right)) +
      cosine(row(weights.tensors.W_dec?.data ?? new Float32Array(), left), row(otherDecoder.data, right))) /
    2;
  for (let left = 0; left < 10; left++) {
    const partner = found.pairs.right[left] ?? -1;
    assert.ok(Math.abs((found.pairs.similarity[left] ?? 0) - similarity(left, partner)) < 1e-6);
    for (let right = 0; right < FEATURES; right++) {
      assert.ok(similarity(left, right) <= similarity(left, partner) + 1e-6);
    }
  }
});

test("dictionaries of other widths are refused, naming both", async () => {
  const { engine } = await fixtureService("tiny-llama");
  const original = await openTestDictionary(weights);
  const wider = await openTestDictionary(randomWeights(testSpec({ name: "wider", inputWidth: 40 }), 3));
  await assert.rejects(compareDictionaries(engine, original, wider, {}, {}, UNDISTURBED), {
    code: "values-do-not-fit",
    message: /32 and 32 values.*32 and 40/,
  });
});

test("badges count the other dictionaries that have a partner, and survive their file", async () => {
  const { engine } = await fixtureService("tiny-llama");
  const original = await openTestDictionary(weights);
  const copy = await openTestDictionary(permutedWeights(weights, order));
  const unrelated = await openTestDictionary(randomWeights(testSpec({ name: "other", features: FEATURES }), 2));
  // Only the first ten features survive in this one; the others' encoders are another dictionary's.
  const mixed = randomWeights(testSpec({ name: "mixed", features: FEATURES }), 4);
  mixed.tensors.W_enc?.data.set(weights.tensors.W_enc?.data.subarray(0, 320) ?? []);
  mixed.tensors.W_dec?.data.set(weights.tensors.W_dec?.data.subarray(0, 320) ?? []);
  const partly = await openTestDictionary(mixed);
  const badges = await seedBadges(engine, original, [copy, unrelated, partly], undefined, UNDISTURBED);
  assert.equal(badges.seeds, 3);
  assert.equal(badges.threshold, 0.7);
  assert.deepEqual(
    Array.from(badges.found),
    Array.from({ length: FEATURES }, (_, i) => (i < 10 ? 2 : 1)),
  );
  assert.deepEqual(decodeSeedBadges(encodeSeedBadges(badges)), badges);
  assert.throws(() => decodeSeedBadges(encodeSeedBadges(badges).subarray(0, 40)), { code: "damaged-file" });
});
