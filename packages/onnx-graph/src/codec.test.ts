import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { PatchbayError } from "@patchbay/vocabulary";
import { decodeModel, encodeModel } from "./codec.ts";
import type { ElementType, Graph } from "./graph.ts";
import { GraphBuilder } from "./graph-builder.ts";
import { MODEL } from "./onnx-schema.ts";
import { decodeMessage, encodeMessage } from "./protobuf.ts";

const FOLDER = path.resolve("weights");

/** One of everything that a graph can hold. */
function richGraph(): Graph {
  const g = new GraphBuilder("rich");
  const x = g.input("x", "float32", ["batch", 3]);
  g.input("mask", "bool", []);
  const stored = g.initializer({
    name: "stored",
    type: "bfloat16",
    shape: [3, 4],
    data: { kind: "external", file: path.join(FOLDER, "model.safetensors"), offset: 2 ** 33 + 5, length: 24 },
  });
  const wide = g.cast(stored, "float32");
  const product = g.matrixProduct(x, wide);
  const [left = "", right = ""] = g.nodes("Split", [product, g.int64([1, 3])], { axis: { int: -1 } }, 2);
  g.node(
    "Custom",
    [left, "", right],
    { f: { float: 0.5 }, s: { string: "größe" }, ints: { ints: [-1, 0, 2 ** 40] }, floats: { floats: [1, -2.5] } },
    "y",
    "com.microsoft",
  );
  g.node("NoAttributes", [g.scalar(Number.NEGATIVE_INFINITY)], {}, "z");
  g.output("y", "float16", ["batch", "n"]);
  g.output("z", "int64", [0]);
  return g.build();
}

test("a graph comes back as it was", () => {
  const graph = richGraph();
  const { bytes, externalFolder } = encodeModel(graph);
  assert.equal(externalFolder, FOLDER);
  assert.deepEqual(decodeModel(bytes, FOLDER), graph);
  assert.deepEqual(encodeModel(decodeModel(bytes, FOLDER)).bytes, bytes, "and encodes to the same bytes");
});

test("every element type has its number", () => {
  const types: ElementType[] = ["float32", "float16", "bfloat16", "float64", "int8", "int32", "int64", "uint8", "bool"];
  const graph: Graph = {
    name: "types",
    inputs: types.map((type) => ({ name: type, type, shape: [1] })),
    outputs: [],
    nodes: [],
    initializers: types.map((type) => ({
      name: `constant ${type}`,
      type,
      shape: [0],
      data: { kind: "inline", bytes: new Uint8Array() },
    })),
  };
  assert.deepEqual(decodeModel(encodeModel(graph).bytes), graph);
});

test("constants written as typed lists become raw bytes", () => {
  const message = {
    graph: {
      initializer: [
        { name: "floats", dataType: 1, dims: [2], floatData: [1.5, -2] },
        { name: "longs", dataType: 7, dims: [1], int64Data: [-3] },
        { name: "ints", dataType: 6, dims: [2], int32Data: [7, -8] },
      ],
    },
  };
  const { initializers } = decodeModel(encodeMessage(message, MODEL));
  const bytes = initializers.map(({ data }) => (data.kind === "inline" ? data.bytes : new Uint8Array()));
  const aligned = bytes.map((part) => part.slice().buffer);
  assert.deepEqual(new Float32Array(aligned[0] ?? new ArrayBuffer(0)), Float32Array.of(1.5, -2));
  assert.deepEqual(new BigInt64Array(aligned[1] ?? new ArrayBuffer(0)), BigInt64Array.of(-3n));
  assert.deepEqual(new Int32Array(aligned[2] ?? new ArrayBuffer(0)), Int32Array.of(7, -8));
});

test("external constants in two folders are refused", () => {
  const external = (name: string, folder: string) =>
    ({
      name,
      type: "float32",
      shape: [1],
      data: { kind: "external", file: path.join(folder, "w"), offset: 0, length: 4 },
    }) as const;
  const graph: Graph = {
    name: "",
    inputs: [],
    outputs: [],
    nodes: [],
    initializers: [external("a", "/one"), external("b", "/two")],
  };
  assert.throws(() => encodeModel(graph), { code: "unsupported-model" });
});

test("what we cannot hold is refused by name", () => {
  const withAttribute = { graph: { node: [{ opType: "If", attribute: [{ name: "then_branch", type: 5 }] }] } };
  assert.throws(() => decodeModel(encodeMessage(withAttribute, MODEL)), {
    code: "unsupported-model",
    message: /then_branch/,
  });
  const withType = { graph: { initializer: [{ name: "text", dataType: 8 }] } };
  assert.throws(() => decodeModel(encodeMessage(withType, MODEL)), { code: "unsupported-model", message: /8/ });
});

test("damaged bytes are said to be damaged, wherever they break off", () => {
  const { bytes } = encodeModel(richGraph());
  let refused = 0;
  for (let end = 0; end < bytes.length; end++) {
    try {
      decodeModel(bytes.subarray(0, end));
    } catch (error) {
      assert.ok(error instanceof PatchbayError, `cut at ${end}: ${String(error)}`);
      assert.equal(error.code, "damaged-file", `cut at ${end}`);
      refused += 1;
    }
  }
  assert.ok(refused > bytes.length * 0.8, `${refused} of ${bytes.length} cuts were noticed`);
  assert.throws(() => decodeModel(new Uint8Array()), { code: "damaged-file" });
  assert.throws(() => decodeModel(new TextEncoder().encode("<!doctype html><title>404</title>")), {
    code: "damaged-file",
  });
  assert.throws(() => decodeModel(new Uint8Array(20).fill(0xff)), { code: "damaged-file" });
  assert.ok(Object.keys(decodeMessage(bytes, MODEL)).includes("graph"));
});
