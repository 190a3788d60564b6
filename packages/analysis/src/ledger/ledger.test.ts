import assert from "node:assert/strict";
import { type LinearWeight, mlpWeightsOf, type TransformerModel } from "@patchbay/transformer";
import { ensureDefined, siteName } from "@patchbay/vocabulary";
import { assertNear, dotProduct, largest } from "../testing/distribution.ts";
import { type ServiceUnderTest, testEachService } from "../testing/each-service.ts";
import { UNDISTURBED } from "../testing/open-test-service.ts";
import { referenceHead } from "../testing/reference-head.ts";

/** One neuron's value vector, by the layout of the stored matrix. */
async function valueVectors({ shape, architecture, tensors }: TransformerModel, layer: number) {
  const { down } = mlpWeightsOf(architecture, layer);
  const matrix = (await tensors.read(down.tensor)).data;
  const at = (neuron: number, i: number) => indexOf(down, neuron, i, shape.neurons, shape.residualWidth);
  const vector = (neuron: number) =>
    Float64Array.from({ length: shape.residualWidth }, (_, i) => matrix[at(neuron, i)] ?? Number.NaN);
  const bias = down.bias === undefined ? undefined : (await tensors.read(down.bias)).data;
  return { vectors: Array.from({ length: shape.neurons }, (_, neuron) => vector(neuron)), bias };
}

function indexOf({ layout }: LinearWeight, neuron: number, i: number, neurons: number, width: number): number {
  return layout === "output-input" ? i * neurons + neuron : neuron * width + i;
}

async function runLedger(
  { service, name, prompt }: ServiceUnderTest,
  layer: number,
  position: number,
  interventions: object[] = [],
) {
  const capture = (["mlp.hook_post", "hook_mlp_out"] as const).map((kind) => ({
    site: siteName(kind, layer),
    positions: [position],
  }));
  const { result, tensors } = await service.run(
    {
      model: name,
      input: { text: prompt },
      interventions: interventions as never,
      compute: { ledger: { layer, position, top: 8, tokens: 3 }, capture },
    },
    UNDISTURBED,
  );
  const captured = (i: number) => ensureDefined(tensors.get(`results/capture/${i}/values`)).data;
  return { ledger: ensureDefined(result.results.ledger), post: captured(0), mlpOut: captured(1) };
}

testEachService("the ledger lists the largest sub-updates, and all of them sum to mlp_out", async (under, t) => {
  const { engine } = under;
  const head = await referenceHead(engine.model);
  const { norm } = engine.model.shape;
  let worst = 0;
  for (const [layer, position] of [
    [0, -1],
    [engine.model.shape.layers - 1, 2],
  ] as const) {
    const { ledger, post, mlpOut } = await runLedger(under, layer, position);
    const { vectors, bias } = await valueVectors(engine.model, layer);

    assert.ok(ledger.residual < 1e-4, `residual ${ledger.residual}`);
    worst = Math.max(worst, ledger.residual);
    const sum = Float64Array.from(mlpOut, (_, i) =>
      vectors.reduce((total, vector, n) => total + (post[n] ?? 0) * (vector[i] ?? 0), bias?.[i] ?? 0),
    );
    sum.forEach((value, i) => {
      assertNear(mlpOut[i], value, 1e-4, `dimension ${i} of mlp_out`);
    });
    assertNear(ledger.outputNorm, Math.sqrt(dotProduct(sum, sum)), 1e-4, "outputNorm");

    const lengths = vectors.map(
      (vector, neuron) => Math.abs(post[neuron] ?? 0) * Math.sqrt(dotProduct(vector, vector)),
    );
    const expected = largest(lengths, 8);
    assert.deepEqual(
      ledger.updates.map(({ neuron }) => neuron),
      expected.map(({ id }) => id),
      "ranking",
    );
    const rest = Float64Array.from(sum);
    ledger.updates.forEach(({ neuron, activation, norm: length, promotes, suppresses }, i) => {
      assertNear(length, expected[i]?.score ?? Number.NaN, 1e-4, "length");
      assert.equal(activation, Number((post[neuron] ?? 0).toPrecision(9)));
      const update = ensureDefined(vectors[neuron]).map((value) => value * (post[neuron] ?? 0));
      update.forEach((value, d) => {
        rest[d] = (rest[d] ?? 0) - value;
      });
      const centre = norm.kind === "layer" ? update.reduce((a, b) => a + b, 0) / update.length : 0;
      const folded = update.map((value, d) => (value - centre) * (head.weight[d] ?? 0));
      const scores = Float64Array.from(head.rows, (row) => dotProduct(row, folded));
      checkRanking(promotes, scores, 1);
      checkRanking(
        suppresses,
        scores.map((score) => -score),
        -1,
      );
    });
    assertNear(ledger.restNorm, Math.sqrt(dotProduct(rest, rest)), 1e-3, "restNorm");
  }
  t.diagnostic(`largest residual ${worst.toExponential(2)}`);
});

function checkRanking(ranked: readonly { id: number; score: number }[], scores: Float64Array, sign: number): void {
  largest(scores, 3).forEach(({ score }, rank) => {
    assertNear(sign * (ranked[rank]?.score ?? Number.NaN), score, 1e-4, `score of rank ${rank}`);
    assertNear(scores[ranked[rank]?.id ?? -1], score, 1e-4, `token of rank ${rank}`);
  });
}

testEachService(
  "an intervention on a neuron is in the ledger; one on mlp_out itself is shown as what does not add up",
  async (under) => {
    const clamp = { site: "blocks.1.mlp.hook_post", units: [5], op: "set", value: 50 };
    const clamped = await runLedger(under, 1, -1, [clamp]);
    assert.equal(clamped.ledger.updates[0]?.neuron, 5);
    assert.equal(clamped.ledger.updates[0]?.activation, 50);
    assert.ok(clamped.ledger.residual < 1e-4);
    const shifted = await runLedger(under, 1, -1, [{ site: "blocks.1.hook_mlp_out", op: "add", value: 2 }]);
    assertNear(shifted.ledger.residual, 2, 1e-3, "residual");
  },
);
