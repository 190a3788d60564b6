import assert from "node:assert/strict";
import { test } from "node:test";
import { Intervention } from "@patchbay/contract";
import { interventionOf, readPatch, writePatch } from "@patchbay/workbench-state";
import { absoluteActivation, featureClamp, featurePatch, featureRange } from "./feature-clamp.ts";
import { FEATURE_CLAMPS, readFeatureView } from "./feature-view.ts";

const PLACE = { dictionary: "transcoder-3", feature: 45, layer: 3 };
const KNOWN = { maximum: 4.2, own: 1.5 };
const viewOf = (query: string) => {
  const parameters = new URLSearchParams(query);
  return readFeatureView((name) => parameters.get(name) ?? undefined);
};

test("the first value is twice the maximum; without an index, twice the largest value on the text", () => {
  const known = featureClamp(viewOf(""), PLACE, KNOWN);
  assert.deepEqual([known.value, known.unit], [2, "maximum"]);
  assert.equal(absoluteActivation(known, KNOWN), 8.4);
  const unknown = featureClamp(viewOf("unit=maximum"), PLACE, { maximum: undefined, own: 1.5 });
  assert.deepEqual([unknown.value, unknown.unit], [3, "absolute"]);
});

test("every operation is an intervention of the contract and survives the address", () => {
  for (const operation of FEATURE_CLAMPS) {
    const clamp = featureClamp(viewOf(`op=${operation}&error=freeze&positions=3,-1`), PLACE, KNOWN);
    const patch = featurePatch(clamp);
    const intervention = Intervention.parse(interventionOf(patch, "run"));
    assert.equal(intervention.site, operation === "steer" ? "blocks.3.hook_resid_post" : "transcoder-3");
    const addressed = { ...patch, positions: "all" as const };
    assert.deepEqual(readPatch(writePatch(addressed)), addressed, operation);
  }
});

test("the slider holds the value wherever it lies", () => {
  const clamp = { operation: "set", unit: "maximum", value: 40 } as const;
  const { low, high } = featureRange(clamp, KNOWN);
  assert.deepEqual([low, high], [-2, 40]);
});

test("what the address cannot mean falls back", () => {
  const view = viewOf("op=explode&error=lose&value=much&seed=-3");
  assert.deepEqual([view.operation, view.error, view.value, view.seed], ["set", "keep", undefined, 0]);
});
