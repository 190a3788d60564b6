/** Lengths that are known, those that are words, and names that do not collide. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { GraphBuilder } from "../graph-builder.ts";
import { inferShapes } from "./infer-shapes.ts";

function shapesOf(build: (g: GraphBuilder) => Record<string, string>) {
  const g = new GraphBuilder("shapes");
  g.input("x", "float32", ["batch", "position", 8]);
  const wanted = build(g);
  const facts = inferShapes(g.build());
  return Object.fromEntries(Object.entries(wanted).map(([name, value]) => [name, facts.get(value)?.shape]));
}

test("words are carried, kept by 0, and cancelled by −1", () => {
  assert.deepEqual(
    shapesOf((g) => ({
      heads: g.reshape("x", [0, 0, 2, 4]),
      together: g.reshape(g.reshape("x", [0, 0, 2, 4]), [0, 0, -1]),
      transposed: g.transpose("x", [2, 0, 1]),
      product: g.matrixProduct("x", g.float32("w", [8, 3], new Float32Array(24))),
      mean: g.mean("x", [-1], true),
      chosen: g.gather("x", g.index(-1), 1),
      likeItself: g.reshapeTo(g.reshape("x", [-1]), g.shapeOf("x")),
    })),
    {
      heads: ["batch", "position", 2, 4],
      together: ["batch", "position", 8],
      transposed: [8, "batch", "position"],
      product: ["batch", "position", 3],
      mean: ["batch", "position", 1],
      chosen: ["batch", 8],
      likeItself: ["batch", "position", 8],
    },
  );
});

test("lengths that may differ at run time get words of their own", () => {
  const shapes = shapesOf((g) => {
    g.input("y", "float32", ["other", 1, 8]);
    return { sum: g.add("x", "y"), joined: g.concat(["x", "x"], 0) };
  });
  assert.deepEqual(shapes["sum"]?.slice(1), ["position", 8]);
  for (const length of [shapes["sum"]?.[0], shapes["joined"]?.[0]]) {
    assert.equal(typeof length, "string");
    assert.ok(!["batch", "other", "position"].includes(String(length)));
  }
});

test("a continued graph keeps what it has, and new names do not meet old ones", () => {
  const first = new GraphBuilder("first");
  first.input("x", "float32", [2]);
  first.output(first.add("x", "x", "Mul_0"), "float32", [2]);
  const graph = first.build();
  const second = GraphBuilder.from(graph);
  const name = second.multiply("Mul_0", "x");
  assert.notEqual(name, "Mul_0");
  assert.deepEqual(second.build().nodes.slice(0, 1), graph.nodes);
  assert.equal(graph.nodes.length, 1, "the graph that was continued is unchanged");
});
