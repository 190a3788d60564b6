import assert from "node:assert/strict";
import { test } from "node:test";
import type { Patch } from "@patchbay/workbench-state";
import { patchedCells, rowOfSite } from "./patched-cells.ts";

const PATCH: Patch = {
  cable: "teal",
  site: { kind: "attn.hook_z", layer: 2 },
  units: [1],
  operation: { op: "zero" },
  positions: [1, 9],
  muted: false,
};

test("a site is in the first row that it can change", () => {
  assert.equal(rowOfSite({ kind: "hook_embed" }, 7), 0);
  assert.equal(rowOfSite({ kind: "hook_resid_pre", layer: 0 }, 7), 0);
  assert.equal(rowOfSite({ kind: "hook_resid_pre", layer: 3 }, 7), 3);
  assert.equal(rowOfSite({ kind: "mlp.hook_post", layer: 5 }, 7), 6);
  assert.equal(rowOfSite({ kind: "ln_final.hook_normalized" }, 7), 6);
});

test("only audible patches, only positions of the prompt", () => {
  assert.deepEqual(patchedCells([PATCH], 7, 4), [{ cable: "teal", row: 3, column: 1 }]);
  assert.equal(patchedCells([{ ...PATCH, positions: "all" }], 7, 4).length, 4);
  assert.deepEqual(
    patchedCells([{ ...PATCH, positions: "last" }], 7, 4).map(({ column }) => column),
    [3],
  );
  assert.deepEqual(
    patchedCells(
      [
        { ...PATCH, muted: true },
        { ...PATCH, positions: "generated" },
      ],
      7,
      4,
    ),
    [],
  );
});
