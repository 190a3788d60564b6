import assert from "node:assert/strict";
import { test } from "node:test";
import { DICTIONARY_TENSORS, type Dictionary } from "@patchbay/dictionary";
import { ensureDefined, PatchbayError } from "@patchbay/vocabulary";
import { fixtureService, UNDISTURBED } from "../testing/open-test-service.ts";
import { featureSimilarities } from "./feature-similarities.ts";
import { graphParts, tinySet } from "./testing/graph-parts.ts";

/** The row that a feature adds at its dictionary's first output site, in float64. */
async function rowOf(dictionaries: readonly Dictionary[], name: string, feature: number): Promise<number[]> {
  const dictionary = ensureDefined(dictionaries.find(({ spec }) => spec.name === name));
  const { shape, data } = await dictionary.read(DICTIONARY_TENSORS.decoder);
  const width = shape.at(-1) ?? 0;
  const stride = width * (shape.length === 3 ? (shape[1] ?? 1) : 1);
  return [...data.subarray(feature * stride, feature * stride + width)].map(Number);
}

function cosine(a: readonly number[], b: readonly number[]): number {
  const dot = (x: readonly number[], y: readonly number[]) => x.reduce((sum, value, i) => sum + value * (y[i] ?? 0), 0);
  return dot(a, b) / Math.sqrt(dot(a, a) * dot(b, b));
}

test("pairs are the cosines of decoder rows above the threshold, most alike first", async () => {
  const installed = [...(await tinySet("plain")), ...(await tinySet("cross-layer"))];
  const parts = graphParts(await fixtureService("tiny-llama"), installed);
  const features = ["plain-0", "plain-2", "cross-layer-1"].flatMap((dictionary) =>
    [0, 3, 7, 40].map((feature) => ({ dictionary, feature })),
  );
  const request = {
    model: "tiny-llama",
    features: [...features, { dictionary: "plain-2", feature: 3 }],
    threshold: 0.1,
  };
  const found = await featureSimilarities(parts, request, UNDISTURBED);

  const rows = await Promise.all(request.features.map((f) => rowOf(installed, f.dictionary, f.feature)));
  const expected: [number, number, number][] = [];
  for (let a = 0; a < rows.length; a++) {
    for (let b = a + 1; b < rows.length; b++) {
      const value = cosine(rows[a] ?? [], rows[b] ?? []);
      if (value >= 0.1) expected.push([a, b, value]);
    }
  }
  expected.sort((x, y) => y[2] - x[2]);
  assert.ok(expected.length > 3);
  assert.deepEqual(
    found.a.map((a, i) => [a, found.b[i]]),
    expected.map(([a, b]) => [a, b]),
  );
  // The same feature twice is alike in full; float32 products against float64 ones.
  assert.deepEqual([found.a[0], found.b[0]], [5, 12]);
  found.cosine.forEach((value, i) => {
    assert.ok(Math.abs(value - Math.min(1, expected[i]?.[2] ?? 0)) < 1e-6);
  });
});

test("a feature that does not exist is named", async () => {
  const parts = graphParts(await fixtureService("tiny-llama"), await tinySet("plain"));
  const request = { model: "tiny-llama", features: [{ dictionary: "plain-0", feature: 48 }] };
  await assert.rejects(
    featureSimilarities(parts, request, UNDISTURBED),
    (error) =>
      error instanceof PatchbayError && error.code === "unit-out-of-range" && error.facts.at === "features/0/feature",
  );
});
