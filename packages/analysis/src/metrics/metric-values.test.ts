import assert from "node:assert/strict";
import { test } from "node:test";
import type { Metric } from "@patchbay/contract";
import { ensureDefined, PatchbayError } from "@patchbay/vocabulary";
import { fixtureService, UNDISTURBED } from "../testing/open-test-service.ts";
import { metricValues, referenceLogits } from "./metric-values.ts";
import { resolveMetric } from "./resolve-metric.ts";

const { signal } = UNDISTURBED;
const TOKENS = [
  [1, 5, 9, 13],
  [1, 6, 2, 13],
];

for (const name of ["tiny-llama", "tiny-gpt2"] as const) {
  test(`every metric is what the logits of ${name} say`, async () => {
    const { engine, tokenizer } = await fixtureService(name);
    const { residual } = await engine.forward({ tokens: TOKENS });
    const { logits } = await engine.unembed({ residual, positions: [0, 1, 2, 3], full: true });
    const all = ensureDefined(logits, "logits");
    const vocabulary = engine.model.shape.vocabulary;
    const row = (batch: number, position: number) =>
      [...all.data.subarray((batch * 4 + position) * vocabulary, (batch * 4 + position + 1) * vocabulary)].map(Number);
    const logProbability = (batch: number, position: number, token: number) => {
      const values = row(batch, position);
      return (values[token] ?? 0) - Math.log(values.reduce((sum, value) => sum + Math.exp(value), 0));
    };
    const measure = async (metric: Metric) => {
      const resolved = resolveMetric({ tokenizer, engine }, metric, { length: 4 });
      const reference = await referenceLogits(engine, resolved, residual, signal);
      const inputs = { residual, tokens: TOKENS, ...(reference === undefined ? {} : { reference }) };
      return [...(await metricValues(engine, resolved, inputs, signal))];
    };
    const expectations: [Metric, (batch: number) => number][] = [
      [{ kind: "logit", token: 7 }, (b) => row(b, 3)[7] ?? 0],
      [{ kind: "logit-difference", token: 7, minus: 3, position: 1 }, (b) => (row(b, 1)[7] ?? 0) - (row(b, 1)[3] ?? 0)],
      [{ kind: "log-probability", token: 7, position: -2 }, (b) => logProbability(b, 2, 7)],
      [{ kind: "probability", token: 7 }, (b) => Math.exp(logProbability(b, 3, 7))],
      [
        { kind: "loss" },
        (b) => -[0, 1, 2].reduce((sum, p) => sum + logProbability(b, p, TOKENS[b]?.[p + 1] ?? 0), 0) / 3,
      ],
      [
        { kind: "kl" },
        (b) =>
          row(0, 3).reduce((sum, _, token) => {
            const log = logProbability(0, 3, token);
            return sum + Math.exp(log) * (log - logProbability(b, 3, token));
          }, 0),
      ],
    ];
    for (const [metric, expected] of expectations) {
      const values = await measure(metric);
      // Float32 sums over the vocabulary against float64 ones.
      values.forEach((value, batch) => {
        assert.ok(Math.abs(value - expected(batch)) < 5e-6, `${metric.kind}: ${value} for ${expected(batch)}`);
      });
    }
  });
}

test("a metric that says nothing is refused", async () => {
  const { tokenizer, engine } = await fixtureService("tiny-llama");
  const code = (metric: Metric, length: number) => {
    try {
      resolveMetric({ tokenizer, engine }, metric, { length });
    } catch (error) {
      return error instanceof PatchbayError ? error.code : error;
    }
    return "accepted";
  };
  assert.equal(code({ kind: "loss" }, 1), "invalid-request");
  assert.equal(code({ kind: "logit-difference", token: 3, minus: 3 }, 4), "invalid-request");
  assert.equal(code({ kind: "logit", token: 3, position: 4 }, 4), "position-out-of-range");
  assert.equal(code({ kind: "logit", token: 30_000 }, 4), "token-out-of-range");
});
