import assert from "node:assert/strict";
import { test } from "node:test";
import type { AttributionResult } from "@patchbay/contract";
import { contributionChanges, contributionGrid, contributions } from "./contribution-list.ts";

function attribution(shares: readonly [number, number, number, number]): AttributionResult {
  return {
    target: { token: { id: 1, text: " L" } },
    position: 3,
    row: 0,
    total: shares.reduce((sum, share) => sum + share, 0),
    unexplained: 0,
    scale: 1,
    components: [
      { label: "embed", kind: "embedding", share: shares[0] },
      { label: "L0H0", kind: "head", layer: 0, unit: 0, share: shares[1] },
      { label: "L0H1", kind: "head", layer: 0, unit: 1, share: shares[2] },
      { label: "0_mlp_out", kind: "mlp", layer: 0, share: shares[3] },
    ],
  };
}

test("parts are ordered by magnitude and keep the value of the run before", () => {
  const parts = contributions(attribution([0.1, -3, 2, 0.5]), attribution([0.1, 1, 2, 0.5]));
  assert.deepEqual(
    parts.map(({ name, share, before }) => [name, share, before]),
    [
      ["L0 attention · H0", -3, 1],
      ["L0 attention · H1", 2, 2],
      ["L0 MLP", 0.5, 0.5],
      ["embedding", 0.1, 0.1],
    ],
  );
});

test("changes of a run against itself are zero", () => {
  const one = attribution([0.1, -3, 2, 0.5]);
  assert.ok(contributionChanges(one, one).every(({ share }) => share === 0));
});

test("the grid has heads, then the MLP, and no value where there is no part", () => {
  const values = contributionGrid(contributions(attribution([0.5, 1, 2, 4]), undefined), 2, 2);
  assert.deepEqual(
    [...values].map((value) => (Number.isNaN(value) ? "none" : value)),
    [1, 2, 4, "none", "none", "none"],
  );
});
