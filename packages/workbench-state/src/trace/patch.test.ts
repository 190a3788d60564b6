import assert from "node:assert/strict";
import { test } from "node:test";
import { Intervention } from "@patchbay/contract";
import { writeDirection } from "./direction-text.ts";
import {
  FEATURE_OPERATIONS,
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

const FEATURE: Patch = {
  ...PATCH,
  site: { dictionary: "transcoder-2", layer: 2, error: "keep" },
  units: [45],
};

const OPERATIONS: Readonly<Record<(typeof PATCH_OPERATIONS)[number], PatchOperation>> = {
  set: { op: "set", value: 2, unit: "maximum" },
  add: { op: "add", value: 2 },
  scale: { op: "scale", value: 0.5 },
  zero: { op: "zero" },
  mean: { op: "mean" },
  replace: { op: "replace", text: "Ben and Sue" },
  splice: { op: "splice" },
  steer: { op: "steer", value: 4, dictionary: "transcoder-2", feature: 45 },
  direction: { op: "direction", value: 4, name: "he − she", vector: writeDirection([1, -2, 2]) },
};

test("every operation makes an intervention that the contract accepts", () => {
  for (const name of PATCH_OPERATIONS) {
    for (const positions of ["all", "last", [3]] as const) {
      const intervention = interventionOf({ ...PATCH, operation: OPERATIONS[name], positions }, "run");
      assert.equal(Intervention.safeParse(intervention).success, true, `${name} ${positions}`);
    }
  }
});

test("features are patched at their dictionary, and steered with at a hook site", () => {
  for (const name of FEATURE_OPERATIONS) {
    const intervention = interventionOf({ ...FEATURE, operation: OPERATIONS[name] }, "run");
    assert.equal(Intervention.safeParse(intervention).success, true, name);
    assert.equal(intervention?.site, "transcoder-2");
  }
  const dropped: Patch = { ...FEATURE, site: { dictionary: "t", layer: 2, error: "drop" }, operation: { op: "zero" } };
  assert.deepEqual(interventionOf(dropped, "run"), {
    site: "t",
    error: "drop",
    units: [45],
    positions: "all",
    op: "zero",
  });
  const steering: Patch = {
    ...PATCH,
    site: { kind: "hook_resid_post", layer: 3 },
    units: undefined,
    operation: OPERATIONS.steer,
  };
  assert.deepEqual(Intervention.parse(interventionOf(steering, "run")), {
    site: "blocks.3.hook_resid_post",
    positions: "all",
    op: "add",
    direction: { dictionary: "transcoder-2", feature: 45 },
    coefficient: 4,
  });
});

test("the random baseline draws features too, where their number is known", () => {
  assert.equal(randomBaseline([FEATURE], 8, 1), undefined);
  const drawn = randomBaseline([FEATURE], 8, 1, () => 2304)?.[0]?.units?.[0];
  assert.ok(drawn !== undefined && drawn !== 45 && drawn < 2304);
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
