import assert from "node:assert/strict";
import { test } from "node:test";
import { conventionalNodeIds } from "./node-ids.ts";
import { circuitNode } from "./testing/fixtures.ts";

test("ids are those that other tools write, and errors give way", () => {
  const nodes = [
    circuitNode("error", "", { layer: 5, position: 3 }),
    circuitNode("error", "", { layer: 4, position: 3 }),
    circuitNode("feature", "", { layer: 0, unit: 5, position: 3 }),
    circuitNode("feature", "", { layer: 0, unit: 5, position: 3, dictionary: "second" }),
    circuitNode("token", "", { tokenId: 9, position: 3 }),
    circuitNode("logit", "", { layer: 6, tokenId: 9, position: 3 }),
  ];
  assert.deepEqual(conventionalNodeIds(nodes), ["5_error_3", "0_4_3", "0_5_3", "0_5_3_feature", "E_9_3", "7_9_3"]);
});
