import assert from "node:assert/strict";
import { test } from "node:test";
import type { FactTraceRequest } from "@patchbay/contract";
import type { Engine, SiteEdit } from "@patchbay/transformer";
import { ensureDefined, type SiteKind } from "@patchbay/vocabulary";
import { partsOf } from "../circuits/testing/model-parts.ts";
import { metricValues } from "../metrics/metric-values.ts";
import { fixtureService, storiesService, UNDISTURBED } from "../testing/open-test-service.ts";
import { resolveFacts } from "./fact-prompts.ts";
import { observeFact } from "./observe-fact.ts";
import { traceFact } from "./trace-fact.ts";

const { signal } = UNDISTURBED;
const PROMPT = { text: " w5 w9 w13 w2 w8", subject: " w9 w13", answer: " w7", topic: " w3" };

async function observed(name: "tiny-llama" | "tiny-gpt2", subject?: number[]) {
  const { engine, tokenizer } = await fixtureService(name);
  const [resolved] = resolveFacts(partsOf(engine, tokenizer), { model: name, prompts: [PROMPT] });
  const fact = { ...ensureDefined(resolved), ...(subject === undefined ? {} : { subject }) };
  return { engine, fact, seen: await observeFact(engine, fact, signal) };
}

const sum = (values: Iterable<number>) => [...values].reduce((all, value) => all + value, 0);
/** Float32 sums of some hundred products against float64 ones. */
const near = (actual: number, expected: number, what: string, tolerance = 2e-5) =>
  assert.ok(Math.abs(actual - expected) < tolerance, `${what}: ${actual} for ${expected}`);

/** P(answer) under edits, by a plain run. */
async function probability(engine: Engine, tokens: readonly (readonly number[])[], edits: SiteEdit[], token: number) {
  const { residual } = await engine.forward({ tokens, edits });
  const metric = { kind: "probability", token, position: (tokens[0]?.length ?? 0) - 1 } as const;
  return (await metricValues(engine, metric, { residual, tokens }, signal))[0] ?? Number.NaN;
}

for (const name of ["tiny-llama", "tiny-gpt2"] as const) {
  test(`${name}: contributions of layers add up to the demeaned logit`, async () => {
    const { engine, fact, seen } = await observed(name);
    const { layers } = seen;
    layers.slice(1).forEach(({ attentionOut, mlpOut, residual }, l) => {
      const below = ensureDefined(layers[l]).residual;
      near(residual.answer, below.answer + attentionOut.answer + mlpOut.answer, `answer, layer ${l + 1}`);
      near(residual.topic, below.topic + attentionOut.topic + mlpOut.topic, `topic, layer ${l + 1}`);
    });
    const { tokens, length } = fact.input;
    const { residual } = await engine.forward({ tokens });
    const last = {
      ...residual,
      shape: [1, 1, residual.shape[2] ?? 0],
      data: residual.data.slice(-(residual.shape[2] ?? 0)),
    };
    const { logits } = await engine.unembed({ residual: last, positions: [length - 1], full: true });
    const all = [...ensureDefined(logits).data];
    const mean = sum(all) / all.length;
    // The final norm's bias gives every token a constant; it is no component's.
    const { finalNorm } = engine.model.architecture;
    const bias = finalNorm.bias === undefined ? undefined : (await engine.model.tensors.read(finalNorm.bias)).data;
    let constant = () => 0;
    if (bias !== undefined) {
      const { data } = await engine.model.tensors.read(engine.model.architecture.unembedding.tensor);
      const width = bias.length;
      const dots = all.map((_, token) => sum(bias.map((b, i) => b * (data[token * width + i] ?? 0))));
      constant = () => (dots[7] ?? 0) - sum(dots) / dots.length;
    }
    near(ensureDefined(layers.at(-1)).residual.answer, (all[7] ?? 0) - mean - constant(), "the demeaned logit");
    const probabilities = all.map((logit) => Math.exp(logit));
    near(seen.probability, (probabilities[7] ?? 0) / sum(probabilities), "P(answer)");
    assert.equal(seen.rank, all.filter((logit) => logit > (all[7] ?? 0)).length);
  });

  test(`${name}: the last layer's switches are plain interventions`, async () => {
    const { engine, fact, seen } = await observed(name);
    const { shape } = engine.model;
    const { tokens, length } = fact.input;
    const layer = shape.layers - 1;
    const edit = (kind: SiteKind, scale: number, offset: number | Float32Array): SiteEdit => ({
      site: { kind, layer },
      rows: "all",
      positions: [length - 1],
      units: "all",
      dimensions: "all",
      scale,
      offset,
    });
    const attention = edit("hook_attn_out", 0, 0);
    const mlp = edit("hook_mlp_out", 0, 0);
    near(await probability(engine, tokens, [], 7), seen.probability, "plain");
    near(await probability(engine, tokens, [attention], 7), seen.switches.get("attention zero") ?? 0, "attention");
    near(await probability(engine, tokens, [mlp], 7), seen.switches.get("mlp zero") ?? 0, "mlp");
    near(await probability(engine, tokens, [attention, mlp], 7), seen.switches.get("both zero") ?? 0, "both");
    // Taken out along the answer's direction: found anew from the tensors.
    const width = shape.residualWidth;
    const { unembedding, finalNorm } = engine.model.architecture;
    const rows = (await engine.model.tensors.read(unembedding.tensor)).data;
    const weight = (await engine.model.tensors.read(ensureDefined(finalNorm.weight))).data;
    const mean = Float64Array.from({ length: width }, (_, i) => {
      let all = 0;
      for (let token = 0; token < shape.outputVocabulary; token++) all += rows[token * width + i] ?? 0;
      return all / shape.outputVocabulary;
    });
    let along = Float64Array.from(mean, (m, i) => ((rows[7 * width + i] ?? 0) - m) * (weight[i] ?? 0));
    if (shape.norm.kind === "layer") along = along.map((value) => value - sum(along) / width);
    const free = async (kind: SiteKind, before: SiteEdit[]) => {
      const read = { site: { kind, layer }, positions: [length - 1] };
      const { reads } = await engine.forward({ tokens, edits: before, reads: [read] });
      const value = ensureDefined(reads[0]).data;
      const factor = sum(value.map((v, i) => v * (along[i] ?? 0))) / sum(along.map((v) => v * v));
      return edit(
        kind,
        1,
        Float32Array.from(along, (v) => -factor * v),
      );
    };
    const attentionFreed = await free("hook_attn_out", []);
    const names = ["attention direction", "mlp direction", "both direction"] as const;
    const edits = [
      [attentionFreed],
      [await free("hook_mlp_out", [])],
      [attentionFreed, await free("hook_mlp_out", [attentionFreed])],
    ];
    for (const [i, of] of names.entries()) {
      near(await probability(engine, tokens, edits[i] ?? [], 7), seen.switches.get(of) ?? 0, of);
    }
    assert.equal(new Set(seen.switches.values()).size, 6, "six different switches");
  });
}

test("what heads carry from all tokens is the attention's output, neuron by neuron the MLP's", async () => {
  const { seen, fact } = await observed("tiny-llama", [0, 1, 2, 3, 4, 5]);
  for (const { heads, attentionOut, mlpOut, neurons } of seen.layers) {
    near(sum(heads.map(({ answer }) => answer)), attentionOut.answer, "answer");
    near(sum(heads.map(({ topic }) => topic)), attentionOut.topic, "topic");
    near(sum(neurons), mlpOut.answer, "neurons");
    for (const { attention } of heads) near(attention, 1, "attention to everything");
  }
  assert.equal(fact.input.length, 6);
  const { seen: part } = await observed("tiny-llama", [2, 3]);
  const { seen: rest } = await observed("tiny-llama", [0, 1, 4, 5]);
  part.layers.forEach(({ heads, attentionOut }, l) => {
    const others = ensureDefined(rest.layers[l]).heads;
    heads.forEach(({ attention }, h) => {
      near(attention + (others[h]?.attention ?? 0), 1, "attention mass");
    });
    near(sum([...heads, ...others].map(({ answer }) => answer)), attentionOut.answer, "both parts");
  });
});

test("prompts: subjects are found, templates filled, and what is missing is refused with its place", async () => {
  const { engine, tokenizer } = await fixtureService("tiny-llama");
  const parts = partsOf(engine, tokenizer);
  const [fact] = resolveFacts(parts, { model: "m", prompts: [{ ...PROMPT, text: " w9 w13 w5 w9 w13 w2" }] });
  assert.deepEqual(fact?.subject, [4, 5], "the last occurrence, BOS counted");
  const { topic, ...row } = PROMPT;
  const filled = resolveFacts(parts, { model: "m", template: " w1{subject} w2", rows: [row] });
  assert.deepEqual(
    [filled[0]?.subject, filled[0]?.topic.map(({ id }) => id)],
    [
      [2, 3],
      [9, 13],
    ],
  );
  assert.deepEqual(resolveFacts(parts, { model: "m", prompts: [PROMPT] })[0]?.topic, [{ id: 3, text: topic }]);
  const refusal = (request: Omit<FactTraceRequest, "model">) => {
    try {
      resolveFacts(parts, { model: "m", ...request });
    } catch (error) {
      const { code, facts } = error as { code: string; facts: { at: string } };
      return [code, facts.at];
    }
    return "accepted";
  };
  assert.deepEqual(refusal({ prompts: [{ ...PROMPT, subject: "x" }] }), ["invalid-request", "prompts/0/subject"]);
  assert.deepEqual(refusal({ template: " w1", rows: [row] }), ["invalid-request", "template"]);
  assert.deepEqual(refusal({ prompts: [{ ...PROMPT, answer: "w?" }] }), ["unknown-token", "prompts/0/answer"]);
  await assert.rejects(traceFact(parts, { model: "m", prompts: [PROMPT] }, { signal: AbortSignal.abort() }), {
    code: "cancelled",
  });
});

test("the names prompt: one head of the last layer brings the name, and random heads do not", async (t) => {
  const made = await storiesService(t);
  if (made === undefined) return;
  const template = "One day, Tom and {subject} went to the park. Tom gave a ball to";
  const rows = ["Lily", "Ben", "Mia", "Sara"].map((subject) => ({ subject, answer: ` ${subject}` }));
  const parts = partsOf(made.engine, made.tokenizer);
  const trace = await traceFact(parts, { model: "m", template, rows, movers: 1, random: 8 }, UNDISTURBED);
  assert.deepEqual(
    trace.prompts.map(({ answer, rank }) => [answer.text, rank]),
    [" L", " Ben", " M", " S"].map((text) => [text, 0]),
  );
  const [mover] = trace.movers;
  assert.deepEqual([mover?.layer, mover?.head], [5, 1]);
  assert.ok((mover?.answer.low ?? 0) > 5 && (mover?.attention.mean ?? 0) > 0.5);
  assert.ok(trace.ablation.change.high < -0.3, "without it the name is not said");
  assert.equal(trace.ablation.random?.asLarge, 0);
  assert.equal(trace.timeline.peaks.movedAnswer, 5);
  const [order, needed, against, lifted] = trace.claims.map(({ holds }) => holds);
  // The subject is the answer, and this model's last layer speaks for it: what the paper says of large models is not so here.
  assert.deepEqual([order, needed, against, lifted], [null, true, false, false]);
});
