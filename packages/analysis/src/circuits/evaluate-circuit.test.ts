import assert from "node:assert/strict";
import { test } from "node:test";
import type { CircuitEvaluationRequest, CircuitNode, Intervention, Metric } from "@patchbay/contract";
import { tensor } from "@patchbay/vocabulary";
import { openTestDictionary, randomWeights, testSpec } from "../dictionary-comparison/testing/test-dictionary.ts";
import { metricValues } from "../metrics/metric-values.ts";
import { resolveMetric } from "../metrics/resolve-metric.ts";
import { inputOf, interventionContextOf, type ModelParts } from "../run/model-parts.ts";
import { resolveInterventions } from "../run/resolve-interventions.ts";
import { fixtureService, storiesService, UNDISTURBED } from "../testing/open-test-service.ts";
import { evaluateCircuit } from "./evaluate-circuit.ts";
import { partsOf, plantedHeads } from "./testing/model-parts.ts";

const METRIC: Metric = { kind: "logit-difference", token: 7, minus: 3 };
const EXAMPLES = [{ input: { text: " w5 w9 w13 w2 w8" } }, { input: { text: " w6 w2 w13 w40" } }];
const REFERENCE = { texts: [" w1 w2 w3 w4 w5 w6", " w60 w61 w62 w8"] };

type Asked = Partial<CircuitEvaluationRequest> & { nodes: CircuitNode[] };
function evaluate(parts: ModelParts, { nodes, ...asked }: Asked) {
  const circuit = { name: "test", model: parts.name, nodes };
  const request = { model: parts.name, circuit, examples: EXAMPLES, metric: METRIC, reference: REFERENCE, ...asked };
  return evaluateCircuit(parts, { random: 2, ...request }, UNDISTURBED);
}

/** The metric of one example under interventions, by the code of plain runs. */
async function measured(
  parts: ModelParts,
  text: string,
  interventions: Intervention[],
  asked = METRIC,
): Promise<number> {
  const input = inputOf(parts, { text });
  const context = interventionContextOf(parts, input, 0, UNDISTURBED.signal);
  const edits = await resolveInterventions(interventions, context);
  const { residual } = await parts.engine.forward({ tokens: input.tokens, edits });
  const metric = resolveMetric(parts, asked, input);
  const [value = Number.NaN] = await metricValues(
    parts.engine,
    metric,
    { residual, tokens: input.tokens },
    UNDISTURBED.signal,
  );
  return value;
}

async function tinyParts(name: "tiny-llama" | "tiny-gpt2"): Promise<ModelParts> {
  const { engine, tokenizer } = await fixtureService(name);
  return partsOf(engine, tokenizer, [await openTestDictionary(randomWeights(testSpec(), 5))]);
}

/** Float32 sums in another order. */
const near = (actual: number | undefined, expected: number, what: string, tolerance = 2e-5) =>
  assert.ok(Math.abs((actual ?? Number.NaN) - expected) < tolerance, `${what}: ${actual} for ${expected}`);

for (const name of ["tiny-llama", "tiny-gpt2"] as const) {
  test(`${name}: all parts are the model, none are the empty one, whatever the ablation`, async () => {
    const parts = await tinyParts(name);
    const { layers, heads } = parts.engine.model.shape;
    const all: CircuitNode[] = Array.from({ length: layers }, (_, layer) => layer).flatMap((layer) => [
      { kind: "mlp", layer },
      ...Array.from({ length: heads }, (_, head) => ({ kind: "head" as const, layer, head })),
    ]);
    for (const ablation of ["mean", "resample", "zero"] as const) {
      const whole = await evaluate(parts, { nodes: all, ablation, minimality: 2, subsets: 2 });
      assert.equal(whole.faithfulness.normalised?.value, 1, ablation);
      assert.equal(whole.faithfulness.raw.mean, whole.full.mean, "to the last bit");
      assert.equal(whole.completeness.without.raw.mean, whole.empty.mean);
      assert.notEqual(whole.full.mean, whole.empty.mean);
      const none = await evaluate(parts, { nodes: [], universe: { kinds: ["head", "mlp"] }, ablation });
      assert.equal(none.faithfulness.normalised?.value, 0);
      assert.equal(none.completeness.without.normalised?.value, 1);
      assert.deepEqual([none.random, none.minimality, none.completeness.incompleteness], [null, [], null]);
      near(none.empty.mean, whole.empty.mean, "the same universe");
    }
  });

  test(`${name}: what is ablated is what a plain intervention ablates, head by head`, async () => {
    const parts = await tinyParts(name);
    const nodes: CircuitNode[] = [{ kind: "head", layer: 1, head: 2, positions: [-1, 2] }];
    for (const ablation of ["zero", "mean"] as const) {
      const { examples, full } = await evaluate(parts, { nodes, ablation });
      for (const [i, { input }] of EXAMPLES.entries()) {
        const last = examples[i]?.tokens.length ?? 0;
        const op = ablation === "zero" ? { op: "zero" as const } : { op: "mean" as const, reference: REFERENCE };
        const site = "blocks.1.attn.hook_z";
        const removed = [{ site, units: [2], positions: [last - 1, 2], ...op }];
        near(examples[i]?.without, await measured(parts, input.text, removed), `${ablation}, without`);
        const others = Array.from({ length: parts.engine.model.shape.layers }, (_, layer) =>
          Array.from({ length: parts.engine.model.shape.heads }, (_, head) => ({ layer, head })),
        ).flat();
        const first = ablation === "zero" ? 0 : 1;
        const outside = others.flatMap(({ layer, head }): Intervention[] => {
          const isOurs = layer === 1 && head === 2;
          const positions = Array.from({ length: last - first }, (_, p) => first + p).filter(
            (p) => !isOurs || (p !== 2 && p !== last - 1),
          );
          return [{ site: `blocks.${layer}.attn.hook_z`, units: [head], positions, ...op }];
        });
        near(examples[i]?.circuit, await measured(parts, input.text, outside), `${ablation}, circuit`);
        near(examples[i]?.full, await measured(parts, input.text, []), "full");
      }
      near(full.mean, ((examples[0]?.full ?? 0) + (examples[1]?.full ?? 0)) / 2, "mean over the examples");
    }
  });
}

test("features are ablated in the run as it stands, with their error kept or ablated", async () => {
  const parts = await tinyParts("tiny-gpt2");
  const dictionary = "test";
  const kept = [3, 11, 20];
  const nodes = kept.map((feature): CircuitNode => ({ kind: "feature", dictionary, feature }));
  const others = Array.from({ length: 48 }, (_, feature) => feature).filter((feature) => !kept.includes(feature));
  const heads: CircuitNode[] = [{ kind: "head", layer: 0, head: 1 }];
  const { examples, universe } = await evaluate(parts, { nodes: [...nodes, ...heads], ablation: "zero" });
  assert.equal(
    universe.description,
    "Outside the circuit: all heads; all features of test. Errors of the dictionaries are kept as they are in the run.",
  );
  assert.deepEqual(universe.parts, [
    { kind: "head", total: 12, inCircuit: 1 },
    { kind: "feature", dictionary: "test", total: 48, inCircuit: 3 },
  ]);
  const withoutHead: Intervention = { site: "blocks.0.attn.hook_z", units: [1], op: "zero" };
  const otherHeads: Intervention[] = [0, 1, 2].map((layer) => ({
    site: `blocks.${layer}.attn.hook_z`,
    units: layer === 0 ? [0, 2, 3] : [0, 1, 2, 3],
    op: "zero",
  }));
  for (const [i, { input }] of EXAMPLES.entries()) {
    const removed: Intervention[] = [withoutHead, { site: dictionary, units: kept, op: "zero" }];
    near(examples[i]?.without, await measured(parts, input.text, removed), "without");
    const outside: Intervention[] = [...otherHeads, { site: dictionary, units: others, op: "zero" }];
    near(examples[i]?.circuit, await measured(parts, input.text, outside), "circuit");
  }
  // All features kept and the error at zero is the dictionary in the place of what it explains.
  const every = Array.from({ length: 48 }, (_, feature): CircuitNode => ({ kind: "feature", dictionary, feature }));
  const spliced = await evaluate(parts, {
    nodes: every,
    ablation: "zero",
    errors: "ablate",
    minimality: 0,
    subsets: 0,
  });
  const plain: Intervention[] = [{ site: dictionary, op: "splice" }];
  near(spliced.examples[0]?.circuit, await measured(parts, EXAMPLES[0]?.input.text ?? "", plain), "spliced");
  const whole = await evaluate(parts, { nodes: every, minimality: 0, subsets: 0 });
  near(whole.faithfulness.raw.mean, whole.full.mean, "all features and their error");
});

test("several dictionaries of one block, and features that write to layers above", async () => {
  const { engine, tokenizer } = await fixtureService("tiny-gpt2");
  const site = "blocks.1.hook_resid_post";
  const sae = randomWeights(testSpec({ name: "sae", kind: "sae", inputSite: site, outputSites: [site] }), 8);
  const outputSites = ["blocks.1.hook_mlp_out", "blocks.2.hook_mlp_out"];
  const crossLayer = randomWeights(testSpec({ name: "clt", kind: "cross-layer-transcoder", outputSites }), 9);
  const decoders = [randomWeights(testSpec(), 10), randomWeights(testSpec(), 11)].map(
    ({ tensors }) => tensors.W_dec?.data,
  );
  const W_dec = tensor(
    ["feature", "target", "output"],
    [48, 2, 32],
    Float32Array.from(
      { length: 48 * 64 },
      (_, i) => decoders[Math.floor(i / 32) % 2]?.[Math.floor(i / 64) * 32 + (i % 32)] ?? 0,
    ),
  );
  const dictionaries = await Promise.all(
    [sae, { ...crossLayer, tensors: { ...crossLayer.tensors, W_dec } }].map(openTestDictionary),
  );
  const parts = partsOf(engine, tokenizer, dictionaries);
  const kept = [1, 4, 9, 16, 25];
  const others = Array.from({ length: 48 }, (_, feature) => feature).filter((feature) => !kept.includes(feature));
  const nodes = ["sae", "clt"].flatMap((dictionary) =>
    kept.map((feature): CircuitNode => ({ kind: "feature", dictionary, feature })),
  );
  const { examples } = await evaluate(parts, { nodes, ablation: "zero", minimality: 0 });
  for (const [i, { input }] of EXAMPLES.entries()) {
    const zero = (units: number[]) => ["clt", "sae"].map((name): Intervention => ({ site: name, units, op: "zero" }));
    near(examples[i]?.circuit, await measured(parts, input.text, zero(others)), "circuit");
    near(examples[i]?.without, await measured(parts, input.text, zero(kept)), "without");
  }
});

test("resampled from the prompt itself nothing changes; resampled tokens make the other prompt", async () => {
  const parts = await tinyParts("tiny-gpt2");
  const [own, other] = [" w5 w9 w13 w2", " w6 w2 w1 w40"];
  const nodes: CircuitNode[] = [
    { kind: "head", layer: 0, head: 0 },
    { kind: "feature", dictionary: "test", feature: 1 },
  ];
  const asked = { nodes, ablation: "resample" as const, errors: "ablate" as const };
  const same = await evaluate(parts, { ...asked, examples: [{ input: { text: own }, corrupted: { text: own } }] });
  near(same.empty.mean, same.full.mean, "own values");
  const tokens = await evaluate(parts, {
    ablation: "resample",
    nodes: [{ kind: "token", position: -1 }],
    examples: [{ input: { text: own }, corrupted: { text: other } }],
  });
  near(tokens.empty.mean, await measured(parts, other, []), "every token of the other prompt");
  near(tokens.completeness.without.raw.mean, await measured(parts, " w5 w9 w13 w40", []), "its last token");
});

test("KL is measured from the clean run, and every example may have a metric of its own", async () => {
  const parts = await tinyParts("tiny-llama");
  const [first, second] = EXAMPLES;
  const nodes: CircuitNode[] = [{ kind: "mlp", layer: 0 }];
  const kl = await evaluate(parts, { nodes, metric: { kind: "kl" } });
  near(kl.full.mean, 0, "no change", 1e-6);
  assert.ok(kl.examples.every(({ without, empty }) => without > 1e-5 && empty > 1e-5));
  const own = await evaluate(parts, {
    nodes,
    examples: [{ input: first?.input ?? {}, metric: { kind: "loss" } }, { input: second?.input ?? {} }],
  });
  assert.match(own.examples[0]?.metric ?? "", /loss/);
  near(own.examples[1]?.full, await measured(parts, second?.input.text ?? "", []), "the request's metric");
  near(own.examples[0]?.full, await measured(parts, first?.input.text ?? "", [], { kind: "loss" }), "its own");
});

test("a planted circuit is faithful, complete and minimal, and random ones are not", async () => {
  const parts = await plantedHeads(
    [
      [0, 1],
      [2, 3],
    ],
    3,
  );
  const head = (layer: number, index: number): CircuitNode => ({ kind: "head", layer, head: index });
  const nodes = [head(0, 1), head(2, 3), head(1, 0)];
  const found = await evaluate(parts, { nodes, ablation: "zero", random: 12, subsets: 8 });
  near(found.faithfulness.normalised?.value, 1, "faithful", 1e-4);
  near(found.completeness.without.normalised?.value, 0, "nothing else does the work", 1e-4);
  near(found.completeness.incompleteness ?? Number.NaN, 0, "complete", 1e-4);
  const [first, second, idle] = found.minimality.map(({ normalised }) => Math.abs(normalised ?? 0));
  assert.ok((first ?? 0) > 0.05 && (second ?? 0) > 0.05, `${first}, ${second}`);
  near(idle, 0, "the part that does nothing", 1e-5);
  const { random } = found;
  assert.ok(random !== null && random.draws.length === 12);
  assert.ok(random.asFaithful < 6, `${random.asFaithful} of 12 random circuits`);
  assert.ok(random.draws.every(({ labels }) => new Set(labels).size === 3 && labels.every((l) => /^L\dH\d$/.test(l))));
  const half = await evaluate(parts, { nodes: [head(0, 1)], ablation: "zero" });
  near(
    (half.faithfulness.normalised?.value ?? 0) +
      (found.minimality[1]?.normalised ? -found.minimality[1].normalised : 0),
    1,
    "what the other part adds",
    1e-4,
  );
});

test("what cannot be evaluated is refused with its place", async () => {
  const parts = await tinyParts("tiny-gpt2");
  const refusal = async (asked: Asked) => {
    const error = await evaluate(parts, asked).then(
      () => undefined,
      (reason) => reason,
    );
    return [error?.code, error?.facts?.at];
  };
  const head: CircuitNode = { kind: "head", layer: 0, head: 0 };
  assert.deepEqual(await refusal({ nodes: [] }), ["invalid-request", "universe/kinds"]);
  assert.deepEqual(await refusal({ nodes: [{ ...head, head: 4 }] }), ["unit-out-of-range", "circuit/nodes/0/head"]);
  assert.deepEqual(await refusal({ nodes: [{ ...head, positions: [9] }] }), [
    "position-out-of-range",
    "circuit/nodes/0/positions/0",
  ]);
  assert.deepEqual(await refusal({ nodes: [head], universe: { kinds: ["mlp"] } }), [
    "invalid-request",
    "circuit/nodes/0",
  ]);
  const feature: CircuitNode = { kind: "feature", dictionary: "test", feature: 48 };
  assert.deepEqual(await refusal({ nodes: [feature] }), ["unit-out-of-range", "circuit/nodes/0/feature"]);
  const mlp: CircuitNode = { kind: "mlp", layer: 1 };
  assert.deepEqual(await refusal({ nodes: [{ ...feature, feature: 1 }, mlp] }), ["invalid-request", "circuit/nodes/1"]);
  const short = [{ input: { text: " w1 w2" }, corrupted: { text: " w1" } }];
  assert.deepEqual(await refusal({ nodes: [head], examples: short }), ["values-do-not-fit", "examples/0/corrupted"]);
  const request = { model: "m", circuit: { name: "c", model: "m", nodes: [head] }, examples: EXAMPLES, metric: METRIC };
  await assert.rejects(evaluateCircuit(parts, request, { signal: AbortSignal.abort() }), { code: "cancelled" });
  await assert.rejects(evaluateCircuit(parts, { ...request, circuit: "abc" }, UNDISTURBED), {
    code: "invalid-request",
  });
});

test("the names prompt: the head that brings the name is faithful by itself, and random heads are not", async (t) => {
  const made = await storiesService(t);
  if (made === undefined) return;
  const prompt = (name: string, place: string) => ({
    text: `One day, Tom and ${name} went to the ${place}. Tom gave a ball to`,
  });
  const found = await evaluate(partsOf(made.engine, made.tokenizer), {
    nodes: [{ kind: "head", layer: 5, head: 1 }],
    examples: ["park", "zoo", "store"].map((place) => ({
      input: prompt("Lily", place),
      corrupted: prompt("Mia", place),
    })),
    metric: { kind: "logit-difference", token: " L", minus: " Tom" },
    ablation: "resample",
    random: 8,
  });
  assert.ok(found.full.low > 3, `the model says Lily: ${found.full.low}`);
  assert.ok((found.faithfulness.normalised?.low ?? 0) > 0.8, `${found.faithfulness.normalised?.value}`);
  assert.ok((found.random?.faithfulness?.high ?? 1) < 0.2, `${found.random?.faithfulness?.high}`);
  assert.ok((found.completeness.without.normalised?.high ?? 1) < 0.1, "without it the other name's values decide");
  assert.deepEqual([found.random?.asFaithful, found.random?.asDamaging], [0, 0]);
});
