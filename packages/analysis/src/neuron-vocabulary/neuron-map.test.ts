import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import type { MapVariant, NeuronPage, NeuronSide } from "@patchbay/contract";
import { type Engine, type LinearWeight, mlpWeightsOf, type TransformerModel } from "@patchbay/transformer";
import { ensureDefined } from "@patchbay/vocabulary";
import { assertNear, distributionOf, dotProduct, largest } from "../testing/distribution.ts";
import { fixtureService, serve, storiesService, type TestService, UNDISTURBED } from "../testing/open-test-service.ts";
import { type ReferenceHead, referenceHead } from "../testing/reference-head.ts";
import { decodeNeuronMap } from "./neuron-map.ts";

const VARIANTS: readonly MapVariant[] = ["folded", "raw", "cosine"];

/** One neuron's weight vector in the residual stream. */
async function weightVectors({ architecture, tensors, shape }: TransformerModel, layer: number, side: NeuronSide) {
  const mlp = mlpWeightsOf(architecture, layer);
  const weight: LinearWeight = side === "write" ? mlp.down : side === "up" ? mlp.up : ensureDefined(mlp.gate);
  const { data } = await tensors.read(weight.tensor);
  const { neurons, residualWidth } = shape;
  return (neuron: number) =>
    Float64Array.from({ length: residualWidth }, (_, i) => {
      // Rows are outputs in "output-input"; a neuron is an output of the reading matrices and an input of the writing one.
      const [input, output, inputs, outputs] =
        side === "write" ? [neuron, i, neurons, residualWidth] : [i, neuron, residualWidth, neurons];
      return data[weight.layout === "output-input" ? output * inputs + input : input * outputs + output] ?? Number.NaN;
    });
}

function scoresOf(
  vector: Float64Array,
  variant: MapVariant,
  head: ReferenceHead,
  { norm }: TransformerModel["shape"],
): Float64Array {
  const centre = norm.kind === "layer" ? vector.reduce((a, b) => a + b, 0) / vector.length : 0;
  const folded = vector.map((value, i) => (value - centre) * (head.weight[i] ?? Number.NaN));
  const length = Math.sqrt(dotProduct(vector, vector));
  return Float64Array.from(head.rows, (row) => {
    if (variant === "folded") return dotProduct(row, folded);
    const raw = dotProduct(row, vector);
    return variant === "raw" ? raw : raw / (length * Math.sqrt(dotProduct(row, row)));
  });
}

async function checkPage(under: TestService, head: ReferenceHead, page: NeuronPage): Promise<number> {
  const { model } = under.engine;
  let worst = 0;
  for (const { side, norm, variants } of page.sides) {
    const vector = (await weightVectors(model, page.layer, side))(page.neuron);
    assertNear(norm, Math.sqrt(dotProduct(vector, vector)), 1e-5, "norm");
    assert.deepEqual(
      variants.map(({ variant }) => variant),
      VARIANTS,
    );
    for (const { variant, top, bottom, gap, peakedness, entropy } of variants) {
      const scores = scoresOf(vector, variant, head, model.shape);
      const where = `L${page.layer}N${page.neuron} ${side} ${variant}`;
      const size = Math.max(...scores.map(Math.abs));
      const check = (ranked: NeuronPage["sides"][number]["variants"][number]["top"], sign: 1 | -1) => {
        largest(
          scores.map((score) => sign * score),
          ranked.length,
        ).forEach(({ score }, rank) => {
          const { id = -1, score: given = Number.NaN } = ranked[rank] ?? {};
          assertNear(given, sign * score, 1e-5 * size, `${where}: score of rank ${rank}`);
          assertNear(scores[id], sign * score, 1e-5 * size, `${where}: token of rank ${rank}`);
          assert.equal(ranked[rank]?.text, under.tokenizer.textOf(id));
          worst = Math.max(worst, Math.abs(given - sign * score) / size);
        });
      };
      assert.equal(top.length, 10);
      assert.equal(bottom.length, 10);
      check(top, 1);
      check(bottom, -1);
      assertNear(gap, (top[0]?.score ?? Number.NaN) - (top[1]?.score ?? Number.NaN), 1e-5 * size, `${where}: gap`);
      const expected = distributionOf(scores);
      const highest = Math.max(...expected.probabilities);
      assertNear(peakedness, highest, 1e-4 * highest, `${where}: peakedness`);
      assertNear(entropy, expected.entropy, 2e-4 * Math.max(1, size), `${where}: entropy`);
    }
  }
  return worst;
}

for (const name of ["tiny-llama", "tiny-gpt2"] as const) {
  test(`${name}: the map of every neuron equals products in float64`, async (t) => {
    const under = await fixtureService(name);
    const { service, engine } = under;
    const { layers, neurons, gated } = engine.model.shape;
    assert.equal((await service.computeNeuronMap(UNDISTURBED)).neurons, layers * neurons);
    const head = await referenceHead(engine.model);
    let worst = 0;
    for (let layer = 0; layer < layers; layer++) {
      for (let neuron = 0; neuron < neurons; neuron++) {
        const page = await service.neuronPage(layer, neuron);
        assert.deepEqual(
          page.sides.map(({ side }) => side),
          gated ? ["gate", "up", "write"] : ["up", "write"],
        );
        worst = Math.max(worst, await checkPage(under, head, page));
      }
    }
    t.diagnostic(`largest relative error of a score ${worst.toExponential(2)}`);
  });

  test(`${name}: lists, scatter, look-up and pages answer from the same map`, async () => {
    const under = await fixtureService(name);
    const { service, engine, artefacts } = under;
    const { layers, neurons } = engine.model.shape;
    if (service.summary().neuronMap !== "ready") await service.computeNeuronMap(UNDISTURBED);
    const map = decodeNeuronMap(ensureDefined(artefacts.get("neuron-map.safetensors")));
    const part = map.part("write", "folded");

    const { total, rows } = await service.listNeurons({ limit: 500 });
    assert.equal(total, layers * neurons);
    const order = Array.from(part.peakedness.keys()).sort(
      (a, b) => (part.peakedness[b] ?? 0) - (part.peakedness[a] ?? 0) || a - b,
    );
    assert.deepEqual(
      rows.map((row) => row.layer * neurons + row.neuron),
      order.slice(0, 500),
    );

    const page = await service.neuronPage(1, 2);
    const better = (from: number, to: number) =>
      part.peakedness.subarray(from, to).filter((value) => value > (part.peakedness[neurons + 2] ?? 0)).length;
    assert.deepEqual(page.rank, {
      peakednessInLayer: better(neurons, 2 * neurons),
      peakednessInModel: better(0, layers * neurons),
    });
    assert.deepEqual((await service.neuronPage(0, 0)).previous, null);
    assert.deepEqual((await service.neuronPage(0, neurons - 1)).next, { layer: 1, neuron: 0 });

    const token = ensureDefined(page.sides.at(-1)?.variants[0]?.top[3]);
    const { matches } = await service.tokenNeurons({ token: token.text, limit: 10_000 });
    const expected = Array.from(part.top.keys()).filter((i) => part.top[i] === token.id);
    assert.equal(matches.length, expected.length);
    assert.ok(matches.some((match) => match.layer === 1 && match.neuron === 2 && match.rank === 3));
    assert.deepEqual(
      matches.map(({ rank }) => rank),
      matches.map(({ rank }) => rank).sort((a, b) => a - b),
    );
    const scatter = await service.scatterNeurons("write", "folded");
    assert.equal(scatter.topToken[neurons + 2], page.sides.at(-1)?.variants[0]?.top[0]?.text);
    assert.equal(scatter.layer.length, layers * neurons);

    const filtered = await service.listNeurons({ token: token.text, limit: 500 });
    assert.equal(filtered.total, new Set(expected.map((i) => Math.floor(i / map.tokensPerSide))).size);
    assert.deepEqual(
      (await service.listNeurons({ search: "L1N2" })).rows.map(({ neuron, layer }) => [layer, neuron]),
      [[1, 2]],
    );
    assert.ok((await service.listNeurons({ layer: 2, limit: 500 })).rows.every(({ layer }) => layer === 2));
  });
}

test("the map outlives the service, and before it is there everything says not-ready", async () => {
  const { service, artefacts, reopen } = await fixtureService("tiny-gpt2");
  artefacts.clear();
  const fresh = await reopen();
  assert.equal(fresh.summary().neuronMap, "absent");
  await assert.rejects(fresh.listNeurons({}), { code: "not-ready" });
  await assert.rejects(fresh.neuronPage(0, 0), { code: "not-ready" });
  await assert.rejects(fresh.tokenNeurons({ token: " w3" }), { code: "not-ready" });
  await fresh.computeNeuronMap(UNDISTURBED);
  const again = await reopen();
  assert.equal(again.summary().neuronMap, "ready");
  assert.deepEqual(await again.neuronPage(1, 1), await fresh.neuronPage(1, 1));
  await assert.rejects(again.neuronPage(9, 0), { code: "layer-out-of-range" });
  await assert.rejects(again.neuronPage(0, 9999), { code: "unit-out-of-range" });
  await assert.rejects(again.listNeurons({ side: "gate" }), { code: "invalid-request" });
  await assert.rejects(again.listNeurons({ token: " nothing" }), { code: "unknown-token" });
  await service.computeNeuronMap(UNDISTURBED);
});

/** The model as if it had one layer only: the whole map takes minutes on a busy machine, and its layers are alike. */
function onlyLayer(engine: Engine, layer: number): Engine {
  const { model } = engine;
  const shape = { ...model.shape, layers: 1 };
  const architecture = { ...model.architecture, shape, block: () => model.architecture.block(layer) };
  return {
    ...engine,
    model: { ...model, shape, architecture },
    evaluate: (...given) => engine.evaluate(...given),
  };
}

test("stories-15m: the map of five neurons equals products in float64", async (t: TestContext) => {
  const whole = await storiesService(t);
  if (whole === undefined) return;
  const engine = onlyLayer(whole.engine, 5);
  const under = await serve("stories-15m", engine, whole.tokenizer, true, []);
  await under.service.computeNeuronMap(UNDISTURBED);
  const head = await referenceHead(engine.model);
  let worst = 0;
  for (const neuron of [0, 33, 417, 732, 767]) {
    worst = Math.max(worst, await checkPage(under, head, await under.service.neuronPage(0, neuron)));
  }
  t.diagnostic(`largest relative error of a score ${worst.toExponential(2)}`);
});

test("a cancelled computation leaves no map behind", async () => {
  const { artefacts, reopen } = await fixtureService("tiny-llama");
  const before = artefacts.get("neuron-map.safetensors");
  artefacts.clear();
  const service = await reopen();
  const controller = new AbortController();
  const stopping = service.computeNeuronMap({ signal: controller.signal, progress: () => controller.abort() });
  await assert.rejects(stopping, { code: "cancelled" });
  assert.equal(service.summary().neuronMap, "absent");
  assert.equal(artefacts.size, 0);
  if (before !== undefined) artefacts.set("neuron-map.safetensors", before);
});
