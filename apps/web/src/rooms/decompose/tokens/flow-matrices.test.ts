import assert from "node:assert/strict";
import { test } from "node:test";
import { carriedOf, directOf, readoutOf } from "./flow-matrices.ts";

/** Two sources, two positions, one layer: [state, source, position] counts up, so that a wrong stride shows. */
const flow = {
  sources: ["0 a", "biases"],
  components: ["embed", "L0H0", "0_mlp_out", "target_bias"],
  direct: { axes: ["source", "component"], shape: [2, 4], data: [1, 2, 3, 100, 10, 20, 30, 1000] },
  through: { axes: ["source", "component"], shape: [2, 4], data: [0, 0, 0, 0, 0, 0, 0, 0] },
  states: ["embed", "0"],
  carried: { axes: ["state", "source", "position"], shape: [2, 2, 2], data: [0, 1, 2, 3, 4, 5, 6, 7] },
  readout: { axes: ["state", "source"], shape: [2, 2], data: [0.5, 1.5, 2.5, 3.5] },
};

test("the share of one source, the deepest state on top", () => {
  const { rowLabels, values } = carriedOf(flow, 1);
  assert.deepEqual(rowLabels, ["L0", "embed"]);
  assert.deepEqual([...values], [6, 7, 2, 3]);
});

test("the early reading keeps its sources in columns", () => {
  assert.deepEqual([...readoutOf(flow).values], [2.5, 3.5, 0.5, 1.5]);
});

test("what a layer writes is the sum of its heads and its MLP; the target's own bias belongs to no layer", () => {
  const { rowLabels, values } = directOf(flow, 1);
  assert.deepEqual(rowLabels, ["L0", "embed"]);
  assert.deepEqual([...values], [5, 50, 1, 10]);
});
