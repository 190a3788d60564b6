import assert from "node:assert/strict";
import { test } from "node:test";
import { SITES } from "@patchbay/vocabulary";
import { patchLabel, placeChoices, readUnits, unitsOfPlace } from "./patch-label.ts";

test("labels are those of the field", () => {
  assert.equal(patchLabel({ site: { kind: "mlp.hook_post", layer: 5 }, units: [732] }), "L5·N732");
  assert.equal(patchLabel({ site: { kind: "mlp.hook_pre_linear", layer: 5 }, units: [732] }), "L5·N732 pre_linear");
  assert.equal(patchLabel({ site: { kind: "attn.hook_z", layer: 4 }, units: [2] }), "L4·H2 z");
  assert.equal(patchLabel({ site: { kind: "hook_resid_post", layer: 3 }, units: undefined }), "L3 resid_post");
  assert.equal(patchLabel({ site: { kind: "hook_embed" }, units: undefined }), "embed");
  const dictionary = { dictionary: "transcoder-2", layer: 2, error: "keep" } as const;
  assert.equal(patchLabel({ site: dictionary, units: [45] }), "transcoder-2·F45");
  assert.equal(patchLabel({ site: dictionary, units: undefined }), "transcoder-2");
  assert.equal(patchLabel({ site: { kind: "mlp.hook_post", layer: 0 }, units: [1, 2, 3] }), "L0·N1,2,… (3)");
});

test("every place on offer can be written, and only a gated MLP offers its up projection", () => {
  const kinds = (gated: boolean) => placeChoices(gated).flatMap(({ choices }) => choices.map(({ kind }) => kind));
  assert.ok(kinds(true).every((kind) => SITES[kind].writable));
  assert.ok(kinds(true).includes("mlp.hook_pre_linear") && !kinds(false).includes("mlp.hook_pre_linear"));
});

test("units are read as lists and ranges, inside the model", () => {
  assert.deepEqual(readUnits("3, 17,20-22", 100), [3, 17, 20, 21, 22]);
  assert.deepEqual(readUnits("5,5", 6), [5]);
  for (const bad of ["", "x", "3-1", "99-100", "-1", "1,,2", "1.5"]) assert.equal(readUnits(bad, 100), undefined, bad);
});

test("the units of a place are counted in its own axis", () => {
  const model = { heads: 6, keyValueHeads: 2, neuronsPerLayer: 768, residualWidth: 288 };
  assert.deepEqual(unitsOfPlace("attn.hook_k", model), { count: 2, name: "Key-value heads" });
  assert.equal(unitsOfPlace("attn.hook_pattern", model).count, 6);
  assert.equal(unitsOfPlace("hook_mlp_out", model).count, 288);
});
