/**
 * Losses and gradients of three small models against PyTorch (models/fixtures/make_gradients.py, computed in float64). The
 * graphs are float32: gradients agree within 1e-5 of the largest of their tensor.
 */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import { test } from "node:test";
import { type CustomGradient, differentiate, GraphBuilder, type ValueName } from "@patchbay/onnx-graph";
import { tensor } from "@patchbay/vocabulary";
import { run } from "./testing/finite-differences.ts";

const TOLERANCE = 1e-5;

interface Golden {
  readonly tokens: readonly number[];
  readonly targets: readonly number[];
  readonly k: number;
  readonly bandwidth: number;
  readonly sparsity: number;
  readonly losses: Readonly<
    Record<
      string,
      {
        readonly loss: number;
        readonly inputs: Readonly<
          Record<
            string,
            {
              readonly shape: readonly number[];
              readonly values: readonly number[];
              readonly gradient: readonly number[];
            }
          >
        >;
      }
    >
  >;
}

const golden = JSON.parse(
  await readFile(new URL("../../../models/fixtures/gradients.json", import.meta.url), "utf8"),
) as Golden;

/** Builds a loss called "loss" over the golden inputs, and compares it and every gradient. */
async function compare(
  name: string,
  build: (g: GraphBuilder) => { loss: ValueName; customGradients?: ReadonlyMap<ValueName, CustomGradient> },
): Promise<void> {
  const expected = golden.losses[name];
  assert.ok(expected, `${name} is in the golden file`);
  const g = new GraphBuilder(name);
  const inputs = Object.entries(expected.inputs);
  for (const [input, { shape }] of inputs) g.input(input, "float32", shape);
  g.input("tokens", "int64", ["position"]);
  g.input("targets", "int64", ["position"]);
  const { loss, customGradients = new Map() } = build(g);
  g.output(loss, "float32", []);
  const by = inputs.map(([input]) => input);
  const { graph, gradients } = differentiate(g.build(), { of: [{ value: loss }], by, customGradients });
  const integers = (values: readonly number[]) =>
    tensor(["position"], [values.length], BigInt64Array.from(values, BigInt));
  const feeds = {
    ...Object.fromEntries(
      inputs.map(([input, { shape, values }]) => [
        input,
        tensor(
          shape.map((_, axis) => `axis${axis}`),
          shape,
          Float32Array.from(values),
        ),
      ]),
    ),
    tokens: integers(golden.tokens),
    targets: integers(golden.targets),
  };
  const results = await run(graph, feeds, [loss, ...gradients.values()]);
  const lossHere = Number(results[loss]?.data[0]);
  assert.ok(Math.abs(lossHere - expected.loss) <= TOLERANCE * expected.loss, `loss ${lossHere}, ${expected.loss}`);
  for (const [input, { shape, gradient }] of inputs) {
    const actual = results[gradients.get(input) ?? ""];
    assert.ok(actual);
    assert.deepEqual(actual.shape, shape, input);
    const largest = Math.max(...gradient.map(Math.abs));
    gradient.forEach((value, i) => {
      const difference = Math.abs(Number(actual.data[i]) - value);
      assert.ok(difference <= TOLERANCE * largest, `${input}[${i}]: ${String(actual.data[i])}, PyTorch ${value}`);
    });
  }
}

const affine = (g: GraphBuilder, x: ValueName, weight: ValueName, bias: ValueName) =>
  g.add(g.matrixProduct(x, weight), bias);

/** Mean over positions of ‖y − x‖². */
function squaredError(g: GraphBuilder, y: ValueName): ValueName {
  const error = g.subtract(y, "x");
  return g.mean(g.sum(g.multiply(error, error), [-1]), [0]);
}

test("embedding, tanh layer, cross-entropy", () =>
  compare("embedding", (g) => {
    const hidden = g.tanh(affine(g, g.gather("table", "tokens", 0), "w1", "b1"));
    const logProbabilities = g.logSoftmax(affine(g, hidden, "w2", "b2"), -1);
    const chosen = g.gatherElements(logProbabilities, g.unsqueeze("targets", [1]), 1);
    return { loss: g.negate(g.mean(chosen, [0, 1])) };
  }));

test("TopK autoencoder that decodes by gathering rows", () =>
  compare("topk_sae", (g) => {
    const { values, indices } = g.topK(affine(g, g.subtract("x", "b_dec"), "w_enc", "b_enc"), g.int64([golden.k]));
    const weights = g.unsqueeze(g.node("Relu", [values]), [2]);
    const y = g.add(g.sum(g.multiply(weights, g.gather("w_dec", indices, 0)), [1]), "b_dec");
    return { loss: squaredError(g, y) };
  }));

test("JumpReLU autoencoder with straight-through thresholds", () =>
  compare("jumprelu_sae", (g) => {
    const h = affine(g, "x", "w_enc", "b_enc");
    const open = g.greater(h, "threshold");
    const f = g.where(open, h, g.scalar(0));
    const active = g.cast(open, "float32");
    const count = g.mean(g.sum(active, [-1]), [0]);
    const loss = g.add(squaredError(g, affine(g, f, "w_dec", "b_dec")), g.multiply(count, g.scalar(golden.sparsity)));

    /** Σ over positions of −c·K((h − threshold)/bandwidth)/bandwidth, K the rectangle of width 1. */
    const throughThreshold = (b: GraphBuilder, c: ValueName) => {
      const distance = b.absolute(b.subtract(h, "threshold"));
      const near = b.cast(b.greater(b.scalar(golden.bandwidth / 2), distance), "float32");
      return b.multiply(b.sum(b.multiply(c, near), [0]), b.scalar(-1 / golden.bandwidth));
    };
    return {
      loss,
      customGradients: new Map<ValueName, CustomGradient>([
        [
          f,
          {
            inputs: [h, "threshold"],
            backward: (b, c) => [b.multiply(c, active), b.multiply(throughThreshold(b, c), "threshold")],
          },
        ],
        [active, { inputs: ["threshold"], backward: (b, c) => [throughThreshold(b, c)] }],
      ]),
    };
  }));
