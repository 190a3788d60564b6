/** Features in runs: identities first. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { Intervention, RunRequest } from "@patchbay/contract";
import type { DictionaryWeights } from "@patchbay/dictionary";
import { runReference } from "@patchbay/dictionary/testing";
import { ensureDefined, PatchbayError, tensor } from "@patchbay/vocabulary";
import { randomWeights, testSpec } from "../dictionary-comparison/testing/test-dictionary.ts";
import { fixtureService, UNDISTURBED } from "../testing/open-test-service.ts";

const TOKENS = [[5, 9, 60, 3, 44, 17, 28]];
const LENGTH = 7;
const WIDTH = 32;
/** One addition and one subtraction of float32 values beside the plain pass. */
const ROUNDING = 2e-5;

const SAE = randomWeights(
  testSpec({
    name: "stream",
    kind: "sae",
    inputSite: "blocks.1.hook_resid_pre",
    outputSites: ["blocks.1.hook_resid_pre"],
    subtractDecoderBias: true,
    activation: { kind: "relu" },
  }),
  7,
);
const TRANSCODERS = [0, 1].map((layer) =>
  withSkip(
    randomWeights(
      testSpec({
        name: `mlp-${layer}`,
        set: "mlp",
        skip: true,
        inputSite: `blocks.${layer}.ln2.hook_normalized`,
        outputSites: [`blocks.${layer}.hook_mlp_out`],
      }),
      10 + layer,
    ),
  ),
);
const CROSS_LAYER = [0, 1].map((layer) => crossLayer(layer));

function withSkip(weights: DictionaryWeights): DictionaryWeights {
  const data = Float32Array.from({ length: WIDTH * WIDTH }, (_, i) => 0.1 * Math.sin(3 * i));
  return { ...weights, tensors: { ...weights.tensors, W_skip: tensor(["output", "input"], [WIDTH, WIDTH], data) } };
}

function crossLayer(layer: number): DictionaryWeights {
  const outputSites = [0, 1].slice(layer).map((each) => `blocks.${each}.hook_mlp_out`);
  const weights = randomWeights(
    testSpec({
      name: `clt-${layer}`,
      set: "clt",
      kind: "cross-layer-transcoder",
      inputSite: `blocks.${layer}.hook_resid_mid`,
      outputSites,
      activation: { kind: "relu" },
    }),
    20 + layer,
  );
  const data = Float32Array.from({ length: 48 * outputSites.length * WIDTH }, (_, i) => 0.05 * Math.cos(7 * i + layer));
  const decoder = tensor(["feature", "target", "output"], [48, outputSites.length, WIDTH], data);
  return { ...weights, tensors: { ...weights.tensors, W_dec: decoder } };
}

async function service() {
  const opened = await fixtureService("tiny-llama");
  for (const weights of [SAE, ...TRANSCODERS, ...CROSS_LAYER])
    await opened.dictionaries.add(weights, { overwrite: true });
  return opened.service;
}

async function run(interventions: Intervention[], compute: RunRequest["compute"] = { logits: { full: true } }) {
  const model = await service();
  const request: RunRequest = { model: model.name, input: { tokens: TOKENS }, interventions, compute };
  return model.run(request, UNDISTURBED);
}

async function logits(interventions: Intervention[]): Promise<Float32Array> {
  const { tensors } = await run(interventions);
  return ensureDefined(tensors.get("results/logits/full")).data;
}

function largestDifference(a: Float32Array, b: Float32Array): number {
  return a.reduce((most, value, i) => Math.max(most, Math.abs(value - ensureDefined(b[i]))), 0);
}

const capture = async (interventions: Intervention[], site: string) => {
  const { tensors } = await run(interventions, { capture: [{ site }] });
  return ensureDefined(tensors.get("results/capture/0/values")).data;
};

for (const weights of [SAE, ...TRANSCODERS]) {
  const { name, inputSite, outputSites } = weights.spec;
  const [outputSite = ""] = outputSites;

  test(`${name}: features are those of the reference, and reconstruction + error = activation`, async () => {
    const { tensors } = await run([], {
      features: [{ dictionary: name, top: 48 }],
      capture: [{ site: inputSite }, { site: outputSite }],
    });
    const get = (key: string) => ensureDefined(tensors.get(key)).data;
    const input = get("results/capture/0/values");
    const output = get("results/capture/1/values");
    const reference = runReference(weights, input);
    const made = ensureDefined(reference.outputs[0]);
    const found = new Float64Array(LENGTH * 48);
    const top = get("results/features/0/topFeatures");
    top.forEach((feature, i) => {
      if (feature >= 0)
        found[Math.floor(i / 48) * 48 + feature] = ensureDefined(get("results/features/0/topActivations")[i]);
    });
    found.forEach((value, i) => {
      assert.ok(Math.abs(value - ensureDefined(reference.features[i])) < 1e-5, `feature ${i % 48}`);
    });
    for (let position = 0; position < LENGTH; position++) {
      let squares = 0;
      for (let i = position * WIDTH; i < (position + 1) * WIDTH; i++) {
        squares += (ensureDefined(output[i]) - ensureDefined(made[i])) ** 2;
      }
      const error = ensureDefined(get("results/features/0/errorNorm")[position]);
      assert.ok(Math.abs(error - Math.sqrt(squares)) < 1e-5 * Math.max(1, error), `error at ${position}`);
    }
  });

  test(`${name}: spliced in with its error the run is what it was; without it, its output stands at the site`, async () => {
    const plain = await logits([]);
    assert.ok(largestDifference(await logits([{ site: name, op: "splice", error: "keep" }]), plain) < ROUNDING);
    assert.ok(largestDifference(await logits([{ site: name, op: "splice", error: "freeze" }]), plain) < ROUNDING);
    const spliced = await capture([{ site: name, op: "splice" }], outputSite);
    const made = ensureDefined(runReference(weights, await capture([], inputSite)).outputs[0]);
    assert.ok(largestDifference(spliced, Float32Array.from(made)) < 1e-5);
    assert.ok(
      largestDifference(await logits([{ site: name, op: "splice" }]), plain) > 1e-3,
      "splicing changes the logits",
    );
  });

  test(`${name}: a clamp at the observed value changes nothing; other edits add (f′ − f)·W_dec exactly there`, async () => {
    const input = await capture([], inputSite);
    const { features } = runReference(weights, input);
    const position = 4;
    const row = features.subarray(position * 48, (position + 1) * 48);
    const feature = row.indexOf(Math.max(...row));
    const observed = ensureDefined(row[feature]);
    assert.ok(observed > 0);
    const plain = await logits([]);
    const place = { site: name, units: [feature], positions: [position] };
    assert.ok(largestDifference(await logits([{ ...place, op: "set", value: observed }]), plain) < ROUNDING);
    assert.deepEqual(await logits([{ ...place, op: "scale", value: 1 }]), plain, "a no-op is bit-identical");

    const before = await capture([], outputSite);
    const decoder = ensureDefined(weights.tensors.W_dec).data.subarray(feature * WIDTH, (feature + 1) * WIDTH);
    for (const [edit, change] of [
      [{ op: "zero" }, -observed],
      [{ op: "set", value: 3 }, 3 - observed],
      [{ op: "add", value: -0.5 }, -0.5],
      [{ op: "scale", value: 2 }, observed],
    ] as const) {
      const after = await capture([{ ...place, ...edit }], outputSite);
      after.forEach((value, i) => {
        const here = Math.floor(i / WIDTH) === position;
        const expected = ensureDefined(before[i]) + (here ? change * ensureDefined(decoder[i % WIDTH]) : 0);
        assert.ok(Math.abs(value - expected) < 1e-5, `${edit.op} at ${i}`);
      });
    }
  });
}

test("after an edit a transcoder's features are shown as edited, and its error stays what it was", async () => {
  const compute = { features: [{ dictionary: "mlp-1", top: 48, features: [3] }] };
  const chosen = async (interventions: Intervention[]) => {
    const { tensors } = await run(interventions, compute);
    const get = (name: string) => ensureDefined(tensors.get(`results/features/0/${name}`)).data;
    return { activations: get("chosen/activations"), error: get("errorNorm") };
  };
  const before = await chosen([]);
  const after = await chosen([{ site: "mlp-1", units: [3], positions: [2, 5], op: "set", value: 4 }]);
  after.activations.forEach((value, position) => {
    assert.equal(value, position === 2 || position === 5 ? 4 : before.activations[position], `position ${position}`);
  });
  assert.ok(largestDifference(after.error, before.error) < 1e-5);
});

test("edits follow one another up the model: an upper dictionary sees what a lower one changed", async () => {
  const lower: Intervention = { site: "mlp-0", op: "set", units: [3], value: 4 };
  const upperInput = await capture([lower], "blocks.1.ln2.hook_normalized");
  const upper = ensureDefined(TRANSCODERS[1]);
  const made = ensureDefined(runReference(upper, upperInput).outputs[0]);
  const spliced = await capture([{ site: "mlp-1", op: "splice" }, lower], "blocks.1.hook_mlp_out");
  assert.ok(largestDifference(spliced, Float32Array.from(made)) < 1e-5);
  // All layers at once, errors dropped: each dictionary reads the stream that those below it made.
  const both: Intervention[] = [
    { site: "mlp-0", op: "splice" },
    { site: "mlp-1", op: "splice" },
  ];
  const second = await capture(both.slice(0, 1), "blocks.1.ln2.hook_normalized");
  const all = await capture(both, "blocks.1.hook_mlp_out");
  assert.ok(largestDifference(all, Float32Array.from(ensureDefined(runReference(upper, second).outputs[0]))) < 1e-5);
});

test("a cross-layer feature writes to its own layer and to those above; a spliced set is the sum over layers", async () => {
  const [first, second] = CROSS_LAYER as [DictionaryWeights, DictionaryWeights];
  const input = await capture([], "blocks.0.hook_resid_mid");
  const { features } = runReference(first, input);
  const observed = ensureDefined(features[2 * 48 + 5]);
  const place = { site: "clt-0", units: [5], positions: [2] };
  const before = await capture([], "blocks.0.hook_mlp_out");
  const after = await capture([{ ...place, op: "add", value: 2 }], "blocks.0.hook_mlp_out");
  const decoder = ensureDefined(first.tensors.W_dec).data;
  for (let i = 0; i < WIDTH; i++) {
    const change = ensureDefined(after[2 * WIDTH + i]) - ensureDefined(before[2 * WIDTH + i]);
    assert.ok(Math.abs(change - 2 * ensureDefined(decoder[5 * 2 * WIDTH + i])) < 1e-5);
  }
  assert.ok(observed >= 0);
  const edits: Intervention[] = [{ site: "clt-0", op: "splice" }];
  const lower = await capture(edits, "blocks.0.hook_mlp_out");
  const ofFirst = runReference(first, input);
  assert.ok(
    largestDifference(lower, Float32Array.from(ensureDefined(ofFirst.outputs[0]))) < 1e-5,
    `own layer ${largestDifference(lower, Float32Array.from(ensureDefined(ofFirst.outputs[0])))}`,
  );
  const upper = await capture(edits, "blocks.1.hook_mlp_out");
  const ofSecond = runReference(second, await capture(edits, "blocks.1.hook_resid_mid"));
  const sum = Float32Array.from(
    ensureDefined(ofSecond.outputs[0]),
    (value, i) => value + ensureDefined(ofFirst.outputs[1]?.[i]),
  );
  assert.ok(largestDifference(upper, sum) < 1e-5, `the layer above is off by ${largestDifference(upper, sum)}`);
  const kept = await logits([{ site: "clt-0", op: "splice", error: "freeze" }]);
  assert.ok(
    largestDifference(kept, await logits([])) < ROUNDING,
    `frozen ${largestDifference(kept, await logits([]))}`,
  );
});

test("steering by a feature adds its decoder vector at the place that is named", async () => {
  const site = "blocks.1.hook_resid_pre";
  const steered = await capture(
    [{ site, op: "add", direction: { dictionary: "stream", feature: 9 }, coefficient: 5 }],
    site,
  );
  const plain = await capture([], site);
  const decoder = ensureDefined(SAE.tensors.W_dec).data.subarray(9 * WIDTH, 10 * WIDTH);
  steered.forEach((value, i) => {
    assert.ok(Math.abs(value - ensureDefined(plain[i]) - 5 * ensureDefined(decoder[i % WIDTH])) < 1e-5);
  });
});

test("generation under a feature edit is what repeated runs would say", async () => {
  const model = await service();
  const interventions: Intervention[] = [{ site: "mlp-1", op: "set", units: [2, 11], value: 6 }];
  const generated = await model.generate(
    { model: model.name, input: { tokens: TOKENS }, interventions, sampling: { maxTokens: 4 } },
    UNDISTURBED,
  );
  let tokens = ensureDefined(TOKENS[0]);
  for (const { id } of ensureDefined(generated.rows[0]).tokens) {
    const { result } = await model.run({ model: model.name, input: { tokens: [tokens] }, interventions }, UNDISTURBED);
    assert.equal(id, result.results.logits?.topIds.data[0]);
    tokens = [...tokens, id];
  }
});

test("what does not fit is refused with what would", async () => {
  const cases: [Intervention, string][] = [
    [{ site: "mlp-7", op: "zero", units: [1] }, "not-found"],
    [{ site: "mlp-0", op: "zero", units: [48] }, "unit-out-of-range"],
    [{ site: "mlp-0", op: "set", value: 1 }, "invalid-request"],
    [{ site: "mlp-0", op: "set", value: 1, unit: "maximum", units: [1] }, "not-ready"],
    [{ site: "mlp-0", op: "mean", units: [1] }, "invalid-request"],
    [{ site: "blocks.0.hook_mlp_out", op: "splice" }, "invalid-request"],
    [{ site: "blocks.0.hook_mlp_out", op: "zero", error: "drop" }, "invalid-request"],
    [{ site: "clt-0", op: "zero", units: [1], error: "drop" }, "invalid-request"],
  ];
  for (const [intervention, code] of cases) {
    await assert.rejects(run([intervention]), (error) => error instanceof PatchbayError && error.code === code, code);
  }
});

test("the recipe names the dictionaries by their hashes", async () => {
  const { result } = await run([{ site: "mlp-0", op: "zero", units: [1] }], { features: [{ dictionary: "stream" }] });
  assert.deepEqual(Object.keys(result.recipe.dictionaries ?? {}), ["mlp-0", "stream"]);
});
