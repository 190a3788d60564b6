import assert from "node:assert/strict";
import { test } from "node:test";
import type { TokenAttributionRequest } from "@patchbay/contract";
import { ensureDefined, PatchbayError } from "@patchbay/vocabulary";
import { resolveMetric } from "../metrics/resolve-metric.ts";
import { testEachService } from "../testing/each-service.ts";
import { fixtureService, UNDISTURBED } from "../testing/open-test-service.ts";
import { partsOf } from "./testing/parts-of.ts";
import { gradientTimesInput, meanEmbedding, tokenAttribution } from "./token-attribution.ts";

const { signal } = UNDISTURBED;

testEachService("integrated gradients sum to what the metric gains, better with more steps", async (service) => {
  const parts = partsOf(service);
  const request: TokenAttributionRequest = {
    model: service.name,
    input: { text: service.prompt },
    metric: { kind: "logit-difference", token: service.token, minus: service.other },
    baseline: { kind: "mean-embedding" },
  };
  const errorWith = async (steps: number) => {
    const { sum, expected, attribution, tokens } = await tokenAttribution(parts, { ...request, steps }, UNDISTURBED);
    assert.equal(attribution.length, tokens.length);
    return Math.abs(sum - expected) / Math.abs(expected);
  };
  const [few, many] = [await errorWith(4), await errorWith(256)];
  assert.ok(many < 0.02, `256 steps: off by ${many}`);
  assert.ok(many < few, `4 steps: off by ${few}; 256: by ${many}`);
});

test("gradient × input is one gradient, at the input", async () => {
  const service = await fixtureService("tiny-llama");
  const parts = partsOf(service);
  const text = " w20 w21 w13 w20";
  const asked = { kind: "logit", token: " w45" } as const;
  const answer = await tokenAttribution(
    parts,
    {
      model: service.name,
      input: { text },
      metric: asked,
      method: "gradient-times-input",
      baseline: { kind: "zero" },
    },
    UNDISTURBED,
  );
  const tokens = answer.tokens.map(({ id }) => id);
  const metric = resolveMetric(service, asked, { length: tokens.length });
  const plain = await gradientTimesInput(service.engine, tokens, metric, signal);
  assert.deepEqual(answer.attribution, [...plain]);
  assert.equal(answer.steps, 1);

  // Scaling one token's embedding: d M / d scale at 1 is its gradient × input.
  const at = async (position: number, scale: number) => {
    const edit = { rows: "all", positions: [position], units: "all", dimensions: "all", offset: 0 } as const;
    const { residual } = await service.engine.forward({
      tokens: [tokens],
      edits: [{ ...edit, site: { kind: "hook_embed" }, scale }],
    });
    const { logits } = await service.engine.unembed({ residual, positions: tokens.map((_, i) => i), full: true });
    const width = service.engine.model.shape.vocabulary;
    return ensureDefined(logits).data[(tokens.length - 1) * width + 45] ?? 0;
  };
  for (const position of tokens.keys()) {
    const quotient = ((await at(position, 1.01)) - (await at(position, 0.99))) / 0.02;
    assert.ok(Math.abs(quotient - (plain[position] ?? 0)) < 1e-3, `${quotient} for ${plain[position]}`);
  }
});

test("a baseline prompt: tokens in common count for nothing", async () => {
  const service = await fixtureService("tiny-gpt2");
  const request = (baseline: string): TokenAttributionRequest => ({
    model: service.name,
    input: { text: " w20 w21 w13" },
    metric: { kind: "logit", token: " w45" },
    baseline: { kind: "prompt", input: { text: baseline } },
    steps: 16,
  });
  const { attribution, sum, expected, value } = await tokenAttribution(
    partsOf(service),
    request(" w20 w33 w13"),
    UNDISTURBED,
  );
  assert.ok(
    attribution.every((share, position) => (share === 0) === (position !== 2)),
    `${attribution}`,
  );
  assert.ok(Math.abs(sum - expected) < 5e-3 * Math.max(1, Math.abs(expected)));
  assert.equal(expected, value.input - value.baseline);
  await assert.rejects(
    tokenAttribution(partsOf(service), request(" w20"), UNDISTURBED),
    (error) => error instanceof PatchbayError && error.code === "values-do-not-fit",
  );
});

test("the mean embedding is the mean of the table's rows", async () => {
  const { engine } = await fixtureService("tiny-llama");
  const { data, shape } = await engine.model.tensors.read(engine.model.architecture.tokenEmbedding);
  const [rows = 0, width = 0] = shape;
  const mean = await meanEmbedding(engine, signal);
  for (let d = 0; d < width; d++) {
    let sum = 0;
    for (let row = 0; row < rows; row++) sum += data[row * width + d] ?? 0;
    assert.ok(Math.abs((mean[d] ?? 0) - sum / rows) < 1e-6);
  }
});
