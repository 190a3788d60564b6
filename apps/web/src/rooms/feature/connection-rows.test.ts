import assert from "node:assert/strict";
import { test } from "node:test";
import type { FeatureConnections } from "@patchbay/contract";
import { connectionTable, featuresByDictionary } from "./connection-rows.ts";

const token = (id: number, score: number) => ({ id, text: `t${id}`, score });
const answer: FeatureConnections = {
  dictionary: "mlp-3",
  feature: 17,
  layer: 3,
  inputs: {
    direct: [{ dictionary: "mlp-1", layer: 1, feature: 9, factor: -0.5, head: null }],
    throughHeads: [{ dictionary: "mlp-1", layer: 1, feature: 4, factor: 0.25, head: { layer: 3, head: 1 } }],
  },
  outputs: {
    direct: [{ dictionary: "mlp-5", layer: 5, feature: 2, factor: 0.1, head: null }],
    throughHeads: [{ dictionary: "mlp-1", layer: 1, feature: 9, factor: 0.01, head: { layer: 4, head: 0 } }],
  },
  deEmbedding: {
    direct: { promotes: [token(1, 0.3)], suppresses: [token(2, -0.2)] },
    heads: [{ layer: 3, head: 1, norm: 1, tokens: { promotes: [token(3, 0.1)], suppresses: [] } }],
  },
  inputHeads: [],
  outputHeads: [],
  logits: { promotes: [], suppresses: [] },
};

test("every list goes into one table, each row with its way and its sign", () => {
  assert.deepEqual(
    connectionTable(answer).rows.map((row) => row.join(" ")),
    [
      "input direct mlp-1 F9 9 -0.5",
      "input L3H1 mlp-1 F4 4 0.25",
      "output direct mlp-5 F2 2 0.1",
      "output L4H0 mlp-1 F9 9 0.01",
      "de-embedding direct t1 1 0.3",
      "de-embedding direct t2 2 -0.2",
      "de-embedding L3H1 t3 3 0.1",
    ],
  );
});

test("the index is asked about each feature once", () => {
  assert.deepEqual(
    [...featuresByDictionary(answer)],
    [
      ["mlp-1", [4, 9]],
      ["mlp-5", [2]],
    ],
  );
});
