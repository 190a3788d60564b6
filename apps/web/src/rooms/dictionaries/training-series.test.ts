import assert from "node:assert/strict";
import { test } from "node:test";
import { shortNames, targetColour, trainingSeries } from "./training-series.ts";

const point = (target: number, tokens: number, loss: number) => ({
  step: tokens,
  tokens,
  target,
  loss,
  l0: 32,
  unexplained: loss,
  deadShare: 0,
  learningRate: 1e-3,
});

test("each target has its own points, in order of tokens", () => {
  const series = trainingSeries(["t-L0", "t-L1"], [point(1, 20, 0.4), point(0, 10, 0.9), point(1, 10, 0.8)], "loss");
  assert.deepEqual(
    series.map(({ name, points }) => [name, points.map(({ x, y }) => [x, y])]),
    [
      ["L0", [[10, 0.9]]],
      [
        "L1",
        [
          [10, 0.8],
          [20, 0.4],
        ],
      ],
    ],
  );
});

test("a hidden target keeps the colours of the others", () => {
  const all = trainingSeries(["a", "b", "c"], [], "l0");
  const some = trainingSeries(["a", "b", "c"], [], "l0", new Set(["b", "c"]));
  assert.deepEqual(
    some.map(({ colour }) => colour),
    all.slice(1).map(({ colour }) => colour),
  );
});

test("names are cut to what differs", () => {
  assert.deepEqual(shortNames(["stories-tc-L2", "stories-tc-L3"]), ["L2", "L3"]);
  assert.deepEqual(shortNames(["sae-topk-s0", "sae-relu-s0"]), ["topk-s0", "relu-s0"]);
  assert.deepEqual(shortNames(["same", "same"]), ["same", "same"]);
  assert.deepEqual(shortNames(["stream-3-topk-wide"]), ["stream-3-topk-wide"]);
});

test("colours go from one end of the scale to the other", () => {
  assert.match(targetColour(0, 3), /counter\) 100%/);
  assert.match(targetColour(2, 3), /ink-3\) 0%, var\(--heat\)/);
  assert.equal(targetColour(0, 1), "var(--heat)");
});
