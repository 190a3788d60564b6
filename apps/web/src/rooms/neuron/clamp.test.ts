import assert from "node:assert/strict";
import { test } from "node:test";
import { interventionOf } from "@patchbay/workbench-state";
import { absoluteValue, clampOf, dosesOf, patchOf, sliderRange, valueInUnit } from "./clamp.ts";
import { readNeuronView } from "./neuron-view.ts";

const address = { layer: 5, neuron: 732 };
const scale = { maximum: 6.25, writeNorm: 2, ownPost: 1.5, ownUp: 0.8 };
const viewOf = (query: string) => {
  const parameters = new URLSearchParams(query);
  return readNeuronView(
    (name) => parameters.get(name) ?? undefined,
    (name) => parameters.getAll(name),
  );
};

test("a measured neuron begins at twice its maximum, an unmeasured one at twice what the text shows", () => {
  const clamp = clampOf(viewOf(""), address, scale);
  assert.deepEqual([clamp.value, clamp.unit, absoluteValue(clamp, scale)], [2, "maximum", 12.5]);
  const unmeasured = clampOf(viewOf(""), address, { ...scale, maximum: undefined });
  assert.deepEqual([unmeasured.value, unmeasured.unit], [3, "absolute"]);
});

test("multiples of the maximum exist only for the activation itself", () => {
  assert.equal(clampOf(viewOf("place=up&unit=maximum"), address, scale).unit, "absolute");
});

test("a written length becomes the activation that writes it", () => {
  const patch = patchOf(clampOf(viewOf("place=written&value=10"), address, scale), scale);
  assert.deepEqual(interventionOf(patch, "run"), {
    site: "blocks.5.mlp.hook_post",
    units: [732],
    positions: "all",
    op: "set",
    value: 5,
  });
});

test("clamping up writes the up projection", () => {
  const patch = patchOf(clampOf(viewOf("place=up&value=3&positions=2,4"), address, scale), scale);
  assert.deepEqual(interventionOf(patch, "run"), {
    site: "blocks.5.mlp.hook_pre_linear",
    units: [732],
    positions: [2, 4],
    op: "set",
    value: 3,
  });
});

test("doses rise, hold zero, and reach a value beyond the usual range", () => {
  const clamp = clampOf(viewOf("value=90&unit=absolute"), address, scale);
  const doses = dosesOf(clamp, scale);
  assert.ok(doses.length <= 64 && doses.includes(0) && doses.at(-1) === 90);
  assert.deepEqual(
    doses,
    doses.toSorted((a, b) => a - b),
  );
  assert.equal(sliderRange(clamp, scale).high, 90);
});

test("a dose taken from the curve is the same value in the clamp's unit", () => {
  const clamp = clampOf(viewOf(""), address, scale);
  assert.equal(valueInUnit(12.5, clamp, scale), 2);
});
