/** Whole pieces of a transformer, differentiated: against central differences. */
import { test } from "node:test";
import type { GraphBuilder, ValueName } from "@patchbay/onnx-graph";
import { causalMask } from "./testing/causal-mask.ts";
import { checkGradients } from "./testing/finite-differences.ts";

const float64 = (g: GraphBuilder, value: number) => g.scalarOf("float64", value);

function rootMeanSquareNorm(g: GraphBuilder, x: ValueName, weight: ValueName): ValueName {
  const scale = g.squareRoot(g.add(g.mean(g.multiply(x, x), [-1], true), float64(g, 1e-5)));
  return g.multiply(g.divide(x, scale), weight);
}

test("RMSNorm", () =>
  checkGradients({ by: { x: [2, 3, 4], weight: [4] }, build: (g) => rootMeanSquareNorm(g, "x", "weight") }));

test("LayerNorm", () =>
  checkGradients({
    by: { x: [2, 3, 4], weight: [4], bias: [4] },
    build(g) {
      const centred = g.subtract("x", g.mean("x", [-1], true));
      return g.add(rootMeanSquareNorm(g, centred, "weight"), "bias");
    },
  }));

test("MLP with SwiGLU", () =>
  checkGradients({
    // In float32: the runtime fuses x·σ(x) into an operator that it does not have in float64.
    type: "float32",
    by: { x: [2, 3, 4], gate: [4, 5], up: [4, 5], down: [5, 4] },
    build(g) {
      const gate = g.matrixProduct("x", "gate");
      const post = g.multiply(g.multiply(gate, g.sigmoid(gate)), g.matrixProduct("x", "up"));
      return g.add("x", g.matrixProduct(post, "down"));
    },
  }));

test("causal attention", () =>
  checkGradients({
    // [batch, head, position, head_dimension]
    by: { query: [2, 2, 3, 4], key: [2, 2, 3, 4], value: [2, 2, 3, 4] },
    build(g) {
      const bytes = new Uint8Array(Float64Array.from(causalMask(3, 0)).buffer);
      const mask = g.initializer({ name: "mask", type: "float64", shape: [3, 3], data: { kind: "inline", bytes } });
      const scores = g.multiply(g.matrixProduct("query", g.transpose("key", [0, 1, 3, 2])), float64(g, 0.5));
      return g.matrixProduct(g.softmax(g.add(scores, mask), -1), "value");
    },
  }));

test("cross-entropy", () =>
  checkGradients({
    by: { logits: [2, 3, 5] },
    indices: {
      target: [
        [2, 3, 1],
        [0, 4, 2, 1, 1, 3],
      ],
    },
    build(g) {
      const chosen = g.gatherElements(g.logSoftmax("logits", -1), "target", 2);
      return g.negate(g.mean(chosen, [0, 1, 2]));
    },
  }));
