import assert from "node:assert/strict";
import { test } from "node:test";
import { readUnitTarget } from "./unit-target.ts";

test("neurons, sides of heads and features are read, at a place or at the last", () => {
  assert.deepEqual(readUnitTarget("L3N45"), { kind: "neuron", layer: 3, neuron: 45 });
  assert.deepEqual(readUnitTarget(" l3n45.up ", { position: 6 }), {
    kind: "neuron",
    layer: 3,
    neuron: 45,
    side: "up",
    position: 6,
  });
  assert.deepEqual(readUnitTarget("L4H4.k"), { kind: "head-input", layer: 4, head: 4, side: "key" });
  assert.deepEqual(readUnitTarget("mlp-2[1027]"), { kind: "feature", dictionary: "mlp-2", feature: 1027 });
});

test("what names nothing is nothing", () => {
  for (const text of ["", "L4H4", "L3N45.value", "L3", "[7]", "mlp-2[x]"])
    assert.equal(readUnitTarget(text), undefined);
});
