import assert from "node:assert/strict";
import { test } from "node:test";
import { initializerBytes, printGraph } from "./graph.ts";
import { GraphBuilder } from "./graph-builder.ts";

test("the text of a graph names everything in it", () => {
  const g = new GraphBuilder("example");
  const x = g.input("x", "float32", ["batch", 3]);
  const w = g.initializer({
    name: "w",
    type: "float16",
    shape: [3, 2],
    data: { kind: "external", file: "/w", offset: 64, length: 12 },
  });
  const y = g.matrixProduct(x, g.cast(w, "float32"));
  g.output(g.softmax(y, -1, "p"), "float32", ["batch", 2]);
  assert.equal(
    printGraph(g.build()),
    [
      "graph example",
      "  input x: float32[batch, 3]",
      "  constant w: float16[3, 2] @64+12",
      "  Cast_0 = Cast(w) to=1",
      "  MatMul_0 = MatMul(x, Cast_0)",
      "  p = Softmax(MatMul_0) axis=-1",
      "  output p: float32[batch, 2]",
    ].join("\n"),
  );
  assert.equal(initializerBytes(g.build()), 12);
});

test("names are fresh for each operator, and a constant is kept once", () => {
  const g = new GraphBuilder("names");
  const x = g.input("x", "float32", [2]);
  const names = [g.add(x, x), g.add(x, x), g.multiply(x, x), g.add(x, x, "mine")];
  assert.deepEqual(names, ["Add_0", "Add_1", "Mul_0", "mine"]);
  assert.equal(g.int64([1, 2]), g.int64([1, 2]));
  assert.notEqual(g.int64([1, 2]), g.int64([12]));
  assert.notEqual(g.int64([3]), g.index(3));
  assert.equal(g.scalar(0.5), g.scalar(0.5));
  const { initializers } = g.build();
  assert.deepEqual(
    initializers.map(({ shape }) => shape),
    [[2], [1], [1], [], []],
  );
  assert.equal(initializerBytes(g.build()), 2 * 8 + 8 + 8 + 8 + 4);
});

test("an output under another name is an Identity; under its own it is the value itself", () => {
  const g = new GraphBuilder("outputs");
  const x = g.input("x", "float32", [1]);
  const y = g.negate(x);
  assert.equal(g.output(y, "float32", [1]), y);
  assert.equal(g.output(y, "float32", [1], "again"), "again");
  const { nodes, outputs } = g.build();
  assert.deepEqual(
    nodes.map(({ operator, outputs: made }) => [operator, made]),
    [
      ["Neg", [y]],
      ["Identity", ["again"]],
    ],
  );
  assert.deepEqual(
    outputs.map(({ name }) => name),
    [y, "again"],
  );
});

test("a built graph does not change when building goes on", () => {
  const g = new GraphBuilder("growing");
  const x = g.input("x", "float32", [1]);
  const before = g.build();
  g.output(g.negate(x), "float32", [1]);
  assert.equal(before.nodes.length, 0);
  assert.equal(g.build().nodes.length, 1);
});

test("operators with several outputs name them all", () => {
  const g = new GraphBuilder("several");
  const x = g.input("x", "float32", ["n"]);
  const { values, indices } = g.topK(x, g.int64([1]));
  assert.deepEqual([values, indices], ["TopK_0.0", "TopK_0.1"]);
  assert.deepEqual(g.split(x, g.int64([1, 2]), 0, 2), ["Split_0.0", "Split_0.1"]);
});
