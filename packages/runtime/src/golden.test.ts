/**
 * Every hook site of tiny random models against PyTorch. Tolerance 2e-5 of the largest value: both sides are float32 and
 * order their sums differently.
 */
import assert from "node:assert/strict";
import { test } from "node:test";
import { siteKindsOf } from "@patchbay/transformer";
import { describeSite, nameOf, type Site } from "@patchbay/vocabulary";
import { FIXTURE_NAMES, openFixture, relativeDifference } from "./testing/fixture-model.ts";

const TOLERANCE = 2e-5;

for (const name of FIXTURE_NAMES) {
  test(`${name}: every site and the logits equal PyTorch's`, async () => {
    const { engine, tokens, golden } = await openFixture(name);
    const { shape } = engine.model;
    const sites: Site[] = siteKindsOf(shape).flatMap((kind): Site[] => {
      if (describeSite(kind).stage !== "block") return [{ kind }];
      return Array.from({ length: shape.layers }, (_, layer) => ({ kind, layer }));
    });
    const early = sites.filter(({ kind }) => describeSite(kind).stage !== "unembed");
    const late = sites.filter(({ kind }) => describeSite(kind).stage === "unembed");

    const forward = await engine.forward({ tokens, reads: early.map((site) => ({ site })) });
    const positions = (tokens[0] ?? []).map((_, i) => i);
    const head = await engine.unembed({
      residual: forward.residual,
      positions,
      full: true,
      reads: late.map((site) => ({ site })),
    });

    const compare = (siteName: string, actual: Float32Array) => {
      const expected = golden.get(siteName);
      assert.ok(expected, `${siteName} is in the golden file`);
      assert.equal(actual.length, expected.data.length, `${siteName}: size`);
      const difference = relativeDifference(actual, expected.data);
      assert.ok(difference < TOLERANCE, `${siteName} differs by ${difference}`);
    };
    for (const [i, site] of early.entries()) compare(nameOf(site), forward.reads[i]?.data ?? new Float32Array());
    for (const [i, site] of late.entries()) compare(nameOf(site), head.reads[i]?.data ?? new Float32Array());
    compare("logits", head.logits?.data ?? new Float32Array());
    assert.equal(golden.size, sites.length + 1, "every golden tensor was compared");
  });
}
