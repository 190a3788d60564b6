/** What differentiation does with the graph around the rules: starts, constants, gradients given by hand, refusals. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type CustomGradient, differentiate, GraphBuilder, printGraph } from "@patchbay/onnx-graph";
import { PatchbayError, tensor } from "@patchbay/vocabulary";
import { filled, run, scattered } from "./testing/finite-differences.ts";

const x = tensor(["unit"], [3], Float32Array.of(1, -2, 3));

/** y = Σ x³, written x·(x·x), so that x is used three times. */
function cube(): GraphBuilder {
  const g = new GraphBuilder("cube");
  g.input("x", "float32", ["unit"]);
  g.multiply("x", "x", "square");
  g.multiply("x", "square", "cube");
  g.output(g.sum("cube", [0]), "float32", [], "y");
  return g;
}

async function gradientOf(
  graph: ReturnType<GraphBuilder["build"]>,
  options: Omit<Parameters<typeof differentiate>[1], "of">,
) {
  const whole = differentiate(graph, { of: [{ value: "y" }], ...options });
  const outputs = [...whole.gradients.values()];
  const results = await run(whole.graph, { x, unused: x }, outputs);
  return outputs.map((name) => [...(results[name]?.data ?? [])]);
}

const refusal = (code: string, words: RegExp) => (error: unknown) =>
  error instanceof PatchbayError && error.code === code && words.test(error.message);

test("a scalar starts with 1, values used several times sum, values between can be asked for", async () => {
  assert.deepEqual(await gradientOf(cube().build(), { by: ["x", "square", "y"] }), [[3, 12, 27], [1, -2, 3], [1]]);
});

test("a differentiated graph can be differentiated again", async () => {
  const { graph, gradients } = differentiate(cube().build(), { of: [{ value: "y" }], by: ["x"] });
  const first = gradients.get("x") ?? "";
  const g = GraphBuilder.from(graph);
  g.output(g.sum(first, [0]), "float32", [], "slope");
  const second = differentiate(g.build(), { of: [{ value: "slope" }], by: ["square"] });
  assert.match(printGraph(second.graph), /gradient\(square\)/);
  // Σ over units of d(3x²): 6x, through every use of x.
  const again = differentiate({ ...g.build(), outputs: [] }, { of: [{ value: "slope" }], by: ["x"] });
  const name = again.gradients.get("x") ?? "";
  assert.deepEqual([...((await run(again.graph, { x }, [name]))[name]?.data ?? [])], [6, -12, 18]);
});

test("nothing flows through constants, but a constant's own gradient can be asked for", async () => {
  assert.deepEqual(await gradientOf(cube().build(), { by: ["x", "square"], constants: ["square"] }), [
    [1, 4, 9],
    [1, -2, 3],
  ]);
});

test("what cannot be reached gets zeros, and no backward nodes", async () => {
  const g = cube();
  g.input("unused", "float32", ["unit"]);
  g.output(g.node("NoSuchOperator", ["unused"], {}, "unknown"), "float32", ["unit"]);
  const { graph, gradients } = differentiate(g.build(), { of: [{ value: "y" }], by: ["unused"] });
  assert.equal(gradients.get("unused"), "gradient(unused)");
  assert.equal(graph.nodes.length, g.build().nodes.length + 3, "Shape, Expand and Identity");
  const plain = cube();
  plain.input("unused", "float32", ["unit"]);
  assert.deepEqual(await gradientOf(plain.build(), { by: ["unused"] }), [[0, 0, 0]]);
});

test("a given gradient replaces what the graph says", async () => {
  const straightThrough: CustomGradient = { inputs: ["x"], backward: (g, c) => [g.multiply(c, g.scalar(10))] };
  const customGradients = new Map([["square", straightThrough]]);
  // x·square: square + 10·x
  assert.deepEqual(await gradientOf(cube().build(), { by: ["x"], customGradients }), [[11, -16, 39]]);
});

test("a given gradient makes an operator without a rule differentiable", async () => {
  const g = new GraphBuilder("floor");
  g.input("x", "float32", ["unit"]);
  g.output(g.sum(g.multiply(g.node("Floor", ["x"], {}, "floor"), "x"), [0]), "float32", [], "y");
  assert.deepEqual(await gradientOf(g.build(), { by: ["x"] }), [[1, -2, 3]]);
  const customGradients = new Map([["floor", { inputs: ["x"], backward: (_: GraphBuilder, c: string) => [c] }]]);
  assert.deepEqual(await gradientOf(g.build(), { by: ["x"], customGradients }), [[2, -4, 6]]);
});

test("an operator without a rule on the way is refused by name", () => {
  const g = new GraphBuilder("unknown");
  g.input("x", "float32", [3]);
  g.output(g.sum(g.node("Celu", ["x"], {}, "bent"), [0]), "float32", [], "y");
  const graph = g.build();
  const of = [{ value: "y" }];
  assert.throws(() => differentiate(graph, { of, by: ["x"] }), refusal("unsupported-model", /Celu.*"bent"/));
  assert.doesNotThrow(() => differentiate(graph, { of, by: ["x"], constants: ["bent"] }));
  // Of a value that such an operator computes, the lengths must be declared.
  assert.throws(() => differentiate(graph, { of, by: ["bent"] }), refusal("unsupported-model", /lengths of "bent"/));
  g.output("bent", "float32", [3]);
  assert.doesNotThrow(() => differentiate(g.build(), { of, by: ["bent"] }));
});

test("requests that cannot be meant are refused", () => {
  const graph = cube().build();
  const attempt = (options: Parameters<typeof differentiate>[1]) => () => differentiate(graph, options);
  assert.throws(attempt({ of: [{ value: "y" }], by: ["nowhere"] }), refusal("invalid-request", /nowhere/));
  assert.throws(attempt({ of: [{ value: "cube" }], by: ["x"] }), refusal("invalid-request", /not a scalar/));
  assert.throws(attempt({ of: [{ value: "y", cotangent: "x" }], by: ["x"] }), refusal("invalid-request", /"x"/));
  const backwards = new Map([["square", { inputs: ["cube"], backward: () => [undefined] }]]);
  assert.throws(
    attempt({ of: [{ value: "y" }], by: ["x"], customGradients: backwards }),
    refusal("invalid-request", /square/),
  );
});

test("a table's rows that are read many times get every share, with two threads", async () => {
  for (const rows of [4, 1000]) {
    const [reads, width] = [4096, 64];
    const g = new GraphBuilder("table");
    g.input("table", "float32", [rows, width]);
    g.input("index", "int64", ["read"]);
    g.output(g.gather("table", "index", 0, "read"), "float32", ["read", width]);
    const { graph, gradients } = differentiate(g.build(), { of: [{ value: "read", cotangent: "c" }], by: ["table"] });
    // Whole numbers, so that the order of addition does not matter.
    const share = (i: number) => (i % 7) - 3;
    const index = Array.from({ length: reads }, (_, i) => (i * i) % Math.min(rows, 5));
    const expected = new Float32Array(rows * width);
    index.forEach((row, i) => {
      for (let w = 0; w < width; w++)
        expected[row * width + w] = (expected[row * width + w] ?? 0) + share(i * width + w);
    });
    const feeds = {
      table: filled("float32", [rows, width], scattered),
      index: tensor(["read"], [reads], BigInt64Array.from(index, BigInt)),
      c: filled("float32", [reads, width], share),
    };
    const name = gradients.get("table") ?? "";
    assert.deepEqual((await run(graph, feeds, [name]))[name]?.data, expected, `${rows} rows`);
  }
});
