import assert from "node:assert/strict";
import type { AttributionResult, Intervention } from "@patchbay/contract";
import { siteKindsOf } from "@patchbay/transformer";
import { describeSite, ensureDefined, siteName } from "@patchbay/vocabulary";
import { assertNear, dotProduct } from "../testing/distribution.ts";
import { type ServiceUnderTest, testEachService } from "../testing/each-service.ts";
import { UNDISTURBED } from "../testing/open-test-service.ts";
import { referenceHead } from "../testing/reference-head.ts";

interface Question {
  readonly interventions?: readonly Intervention[];
  readonly minus?: boolean;
  readonly position?: number;
  readonly neurons?: number;
}

async function attribute(under: ServiceUnderTest, question: Question) {
  const { service, name, prompt, token, other, engine } = under;
  const { interventions = [], minus = false, position = -1, neurons = 0 } = question;
  const { layers } = engine.model.shape;
  const results = Array.from({ length: layers }, (_, layer) => ({
    site: siteName("attn.hook_result", layer),
    positions: [position],
  }));
  const final = { site: siteName("hook_resid_post", layers - 1), positions: [position] };
  const { result, tensors } = await service.run(
    {
      model: name,
      input: { text: prompt },
      interventions: [...interventions],
      compute: {
        attribution: { target: { token, ...(minus ? { minus: other } : {}) }, position, neurons },
        logits: { positions: [position], tokens: [token, other] },
        capture: [...results, final],
      },
    },
    UNDISTURBED,
  );
  const logits = ensureDefined(result.results.logits?.tracked).logits.data;
  const captured = (i: number) => ensureDefined(tensors.get(`results/capture/${i}/values`)).data;
  return {
    attribution: ensureDefined(result.results.attribution),
    expected: (logits[0] ?? Number.NaN) - (minus ? (logits[1] ?? Number.NaN) : 0),
    captured,
  };
}

/** Σ shares against the logit, on the scale of the largest share. */
function unexplained({ components, total, unexplained: reported }: AttributionResult): number {
  const sum = components.reduce((running, { share }) => running + share, 0);
  const size = Math.max(1, ...components.map(({ share }) => Math.abs(share)));
  assertNear(reported, total - sum, 1e-9 * size, "unexplained");
  return Math.abs(total - sum) / size;
}

testEachService("shares sum to the logit and to the logit difference", async (under, t) => {
  let worst = 0;
  for (const minus of [false, true]) {
    for (const position of [-1, 2]) {
      const { attribution, expected } = await attribute(under, { minus, position });
      assertNear(attribution.total, expected, 1e-4, "total");
      worst = Math.max(worst, unexplained(attribution));
      const { shape } = under.engine.model;
      const count = (kind: string) => attribution.components.filter((component) => component.kind === kind).length;
      assert.equal(count("head"), shape.layers * shape.heads);
      assert.equal(count("mlp"), shape.layers);
      assert.equal(count("embedding"), shape.positions.kind === "learned" ? 2 : 1);
      assert.equal(count("intervention"), 0);
    }
  }
  assert.ok(worst < 1e-4, `unexplained ${worst}`);
  t.diagnostic(`largest unexplained part ${worst.toExponential(2)}`);
});

testEachService("shares sum to the logit under interventions at every site", async (under, t) => {
  const { shape } = under.engine.model;
  const failures: string[] = [];
  let worst = 0;
  for (const kind of siteKindsOf(shape)) {
    const { stage, unitAxis } = describeSite(kind);
    const site = siteName(kind, stage === "block" ? 1 : undefined);
    const units = unitAxis === "norm" ? [0] : [1];
    const intervention: Intervention = { site, units, op: "add", value: 1.5 };
    const { attribution, expected } = await attribute(under, { interventions: [intervention], minus: true });
    assertNear(attribution.total, expected, 1e-4, `total under an edit of ${site}`);
    const left = unexplained(attribution);
    worst = Math.max(worst, left);
    if (left > 1e-4) failures.push(`${site}: ${left}`);
  }
  assert.deepEqual(failures, []);
  t.diagnostic(`largest unexplained part ${worst.toExponential(2)}`);
});

testEachService("the interventions' own share is what they put into the stream, and nothing else", async (under) => {
  const { engine, tokenizer, token, other } = under;
  const { shape } = engine.model;
  const head = await referenceHead(engine.model);
  const [plus, minus] = [token, other].map((text) => ensureDefined(head.rows[ensureDefined(tokenizer.idOf(text))]));
  const pulled = ensureDefined(plus).map((value, i) => (value - (minus?.[i] ?? 0)) * (head.weight[i] ?? 0));
  const centre = shape.norm.kind === "layer" ? pulled.reduce((a, b) => a + b, 0) / pulled.length : 0;
  const shareOf = ({ components }: AttributionResult) => components.find(({ kind }) => kind === "intervention")?.share;

  const added: Intervention = { site: "blocks.1.hook_resid_mid", units: [3], op: "add", value: 2 };
  const direct = (await attribute(under, { interventions: [added], minus: true })).attribution;
  assertNear(shareOf(direct), (2 * ((pulled[3] ?? 0) - centre)) / direct.scale, 1e-4, "added to the stream");
  const clamped: Intervention = { site: "blocks.1.mlp.hook_post", units: [3], op: "set", value: 2 };
  const through = (await attribute(under, { interventions: [clamped], minus: true })).attribution;
  assertNear(shareOf(through), 0, 1e-4, "a neuron's share is its own");
});

testEachService("each head's share is the product of what it wrote with the target's direction", async (under) => {
  const { engine, tokenizer, token, other } = under;
  const { attribution, captured } = await attribute(under, { minus: true });
  const { shape } = engine.model;
  const head = await referenceHead(engine.model);
  const [plus, minus] = [token, other].map((text) => ensureDefined(head.rows[ensureDefined(tokenizer.idOf(text))]));
  const final = captured(shape.layers);
  const centred = (values: Float64Array) => {
    const centre = shape.norm.kind === "layer" ? values.reduce((a, b) => a + b, 0) / values.length : 0;
    return values.map((value) => value - centre);
  };
  const state = centred(Float64Array.from(final));
  const scale = Math.sqrt(dotProduct(state, state) / state.length + shape.norm.epsilon);
  assertNear(attribution.scale, scale, 1e-5 * scale, "scale");
  const direction = Float64Array.from(
    ensureDefined(plus),
    (value, i) => ((value - (minus?.[i] ?? 0)) * (head.weight[i] ?? 0)) / scale,
  );
  for (const { kind, layer = 0, unit = 0, share } of attribution.components) {
    if (kind !== "head") continue;
    const width = shape.residualWidth;
    const written = Float64Array.from(captured(layer).subarray(unit * width, (unit + 1) * width));
    assertNear(share, dotProduct(centred(written), direction), 1e-4, `L${layer}H${unit}`);
  }
});

testEachService("single neurons come by the size of their share and add up to their layer", async (under) => {
  const { engine } = under;
  const { shape } = engine.model;
  const { attribution } = await attribute(under, { minus: true, neurons: shape.layers * shape.neurons });
  const neurons = ensureDefined(attribution.neurons);
  assert.equal(neurons.length, shape.layers * shape.neurons);
  neurons.slice(1).forEach(({ share }, i) => {
    assert.ok(Math.abs(share) <= Math.abs(neurons[i]?.share ?? 0));
  });
  if (engine.model.architecture.block(0).mlp?.down.bias !== undefined) return;
  for (const { kind, layer, share } of attribution.components) {
    if (kind !== "mlp") continue;
    const sum = neurons.reduce((running, neuron) => running + (neuron.layer === layer ? neuron.share : 0), 0);
    assertNear(share, sum, 1e-4, `layer ${layer}`);
  }
});

testEachService("a row of a batch is attributed under its own interventions", async (under) => {
  const { service, name, tokenizer, prompt, token } = under;
  const ids = tokenizer.encode(prompt, { prependBos: true }).map(({ id }) => id);
  const tokens = [ids, [...ids].reverse()];
  const intervention: Intervention = { site: "blocks.1.hook_resid_mid", units: [3], op: "add", value: 2 };
  const compute = (row: number) => ({ attribution: { target: { token }, row } });
  const ask = async (rows: number[][], row: number, interventions: Intervention[]) =>
    ensureDefined(
      (await service.run({ model: name, input: { tokens: rows }, interventions, compute: compute(row) }, UNDISTURBED))
        .result.results.attribution,
    );
  const inBatch = await ask(tokens, 1, [{ ...intervention, rows: [1] }]);
  const alone = await ask(tokens.slice(1), 0, [intervention]);
  assert.equal(inBatch.row, 1);
  assertNear(inBatch.total, alone.total, 1e-4, "total");
  inBatch.components.forEach(({ label, share }, i) => {
    assert.equal(label, alone.components[i]?.label);
    assertNear(share, alone.components[i]?.share ?? Number.NaN, 1e-4, label);
  });
  const untouched = await ask(tokens, 1, [{ ...intervention, rows: [0] }]);
  assert.ok(untouched.components.every(({ kind }) => kind !== "intervention"));
});
