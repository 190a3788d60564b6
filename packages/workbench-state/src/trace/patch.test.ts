import assert from "node:assert/strict";
import { test } from "node:test";
import { Intervention } from "@patchbay/contract";
import {
  interventionOf,
  interventionsOf,
  PATCH_OPERATIONS,
  type Patch,
  type PatchOperation,
  randomBaseline,
} from "./patch.ts";

const PATCH: Patch = {
  cable: "orange",
  site: { kind: "mlp.hook_post", layer: 5 },
  units: [732],
  operation: { op: "set", value: -4, unit: "absolute" },
  positions: "all",
  muted: false,
};

const OPERATIONS: Readonly<Record<(typeof PATCH_OPERATIONS)[number], PatchOperation>> = {
  set: { op: "set", value: 2, unit: "maximum" },
  add: { op: "add", value: 2 },
  scale: { op: "scale", value: 0.5 },
  zero: { op: "zero" },
  mean: { op: "mean" },
  replace: { op: "replace", text: "Ben and Sue" },
};

test("every operation makes an intervention that the contract accepts", () => {
  for (const name of PATCH_OPERATIONS) {
    for (const positions of ["all", "last", [3]] as const) {
      const intervention = interventionOf({ ...PATCH, operation: OPERATIONS[name], positions }, "run");
      assert.equal(Intervention.safeParse(intervention).success, true, `${name} ${positions}`);
    }
  }
});

test("the request names the site as the field does", () => {
  assert.deepEqual(interventionOf(PATCH, "run"), {
    site: "blocks.5.mlp.hook_post",
    units: [732],
    positions: "all",
    op: "set",
    value: -4,
  });
});

test("muted patches and patches of generated positions stay out of a run; the order is kept", () => {
  const second: Patch = { ...PATCH, cable: "teal", positions: "generated" };
  const third: Patch = { ...PATCH, cable: "gold", muted: true };
  const fourth: Patch = { ...PATCH, cable: "red", operation: { op: "zero" } };
  const patches = [PATCH, second, third, fourth];
  assert.deepEqual(
    interventionsOf(patches, "run").map(({ op }) => op),
    ["set", "zero"],
  );
  assert.deepEqual(
    interventionsOf(patches, "generation").map(({ positions }) => positions),
    ["all", "generated", "all"],
  );
});

test("the random baseline takes other neurons of the same layer, the same ones for the same seed", () => {
  const drawn = new Set<number>();
  for (let seed = 0; seed < 40; seed++) {
    const unit = randomBaseline([PATCH], 8, seed)?.[0]?.units?.[0];
    assert.deepEqual(randomBaseline([PATCH], 8, seed)?.[0]?.units, [unit]);
    assert.ok(unit !== undefined && unit >= 0 && unit < 8);
    drawn.add(unit);
  }
  assert.ok(drawn.size > 4);
  const two: Patch = { ...PATCH, units: [3] };
  for (let seed = 0; seed < 40; seed++) assert.notEqual(randomBaseline([two], 8, seed)?.[0]?.units?.[0], 3);
});

test("there is no baseline without an audible neuron patch", () => {
  const residual: Patch = { ...PATCH, site: { kind: "hook_resid_post", layer: 1 } };
  assert.equal(randomBaseline([residual], 8, 0), undefined);
  assert.equal(randomBaseline([{ ...PATCH, muted: true }], 8, 0), undefined);
  assert.equal(randomBaseline([{ ...PATCH, units: undefined }], 8, 0), undefined);
  const both = randomBaseline([residual, PATCH], 768, 0);
  assert.deepEqual(both?.[0], residual);
});
