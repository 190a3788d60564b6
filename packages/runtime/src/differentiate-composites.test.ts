/** Whole pieces of a transformer, differentiated: against central differences. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { differentiate, type GraphBuilder, type ValueName } from "@patchbay/onnx-graph";
import {
  buildStage,
  describeModel,
  openTensorFolder,
  readModelConfig,
  rotaryTables,
  STAGE_VALUES,
} from "@patchbay/transformer";
import { type Tensor, type TensorData, tensor } from "@patchbay/vocabulary";
import { causalMask } from "./causal-mask.ts";
import { checkGradients, type Feeds, filled, run, scattered } from "./testing/finite-differences.ts";
import { fixtureFolder } from "./testing/fixture-model.ts";

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

/**
 * One Jacobian product against the difference quotient along 24 random directions. The block is float32: with step 1e-2 the
 * quotient is wrong by some 1e-4 of the largest; 2e-3 is asked for.
 */
for (const name of ["tiny-llama", "tiny-gpt2"] as const) {
  for (const past of [0, 2]) {
    test(`${name}, block 1, ${past} cached positions: residual and cache`, async () => {
      const folder = fixtureFolder(name);
      const model = describeModel(await readModelConfig(folder), await openTensorFolder(folder), name);
      const { graph } = buildStage(model.architecture, model.tensors, { kind: "block", layer: 1 }, "readable");
      const { shape } = model.architecture;
      const [batch, positions, width] = [2, 5, shape.residualWidth];
      const cache = [past, batch, shape.keyValueHeads, shape.headWidth];
      const feeds: Record<string, Tensor<TensorData>> = {
        [STAGE_VALUES.residual]: filled("float32", [batch, positions, width], scattered),
        [STAGE_VALUES.pastKeys]: filled("float32", cache, (i) => scattered(i + 5)),
        [STAGE_VALUES.pastValues]: filled("float32", cache, (i) => scattered(i + 9)),
        [STAGE_VALUES.mask]: tensor(
          ["one", "head", "query", "key"],
          [1, 1, positions, positions + past],
          causalMask(positions, past),
        ),
        cotangent: filled("float32", [batch, positions, width], (i) => scattered(i + 3)),
      };
      if (shape.positions.kind === "rotary") {
        const { cosines, sines } = rotaryTables(
          shape.positions.rotary,
          Array.from({ length: positions }, (_, i) => past + i),
        );
        feeds[STAGE_VALUES.cosines] = cosines;
        feeds[STAGE_VALUES.sines] = sines;
      }
      const by = [STAGE_VALUES.residual, STAGE_VALUES.pastKeys, STAGE_VALUES.pastValues];
      const whole = differentiate(graph, { of: [{ value: STAGE_VALUES.nextResidual, cotangent: "cotangent" }], by });
      const results = await run(whole.graph, feeds, [...whole.gradients.values()]);
      for (const value of by) {
        const gradient = results[whole.gradients.get(value) ?? ""];
        assert.ok(gradient);
        assert.deepEqual(gradient.shape, feeds[value]?.shape);
        await alongDirections(
          async (changed) =>
            dot(
              (await run(graph, changed, [STAGE_VALUES.nextResidual]))[STAGE_VALUES.nextResidual],
              feeds["cotangent"],
            ),
          feeds,
          value,
          gradient,
        );
      }
    });
  }
}

async function alongDirections(
  loss: (feeds: Feeds) => Promise<number>,
  feeds: Feeds,
  name: string,
  gradient: Tensor<TensorData>,
): Promise<void> {
  const start = feeds[name];
  assert.ok(start);
  const STEP = 1e-2;
  const pairs: { expected: number; actual: number }[] = [];
  for (let direction = 0; direction < 24 && start.data.length > 0; direction++) {
    const way = Float32Array.from(start.data, (_, i) => scattered(i * 7 + direction * 131 + 1) / 4);
    const moved = (step: number) => {
      const data = Float32Array.from(start.data, (value, i) => Number(value) + step * (way[i] ?? 0));
      return loss({ ...feeds, [name]: { ...start, data } });
    };
    const expected = ((await moved(STEP)) - (await moved(-STEP))) / (2 * STEP);
    pairs.push({ expected, actual: dot(gradient, { ...start, data: way }) });
  }
  const largest = Math.max(...pairs.map(({ expected }) => Math.abs(expected)));
  for (const { expected, actual } of pairs) {
    assert.ok(Math.abs(actual - expected) < 2e-3 * largest, `by ${name}: ${actual}, difference quotient ${expected}`);
  }
}

function dot(a: Tensor<TensorData> | undefined, b: Tensor<TensorData> | undefined): number {
  assert.ok(a && b && a.data.length === b.data.length);
  let sum = 0;
  for (let i = 0; i < a.data.length; i++) sum += Number(a.data[i]) * Number(b.data[i]);
  return sum;
}
