/** Training: gradients against finite differences, planted dictionaries found again, stops that leave no trace. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { TrainingRequest, TrainingSparsity } from "@patchbay/contract";
import type { DictionaryWeights } from "@patchbay/dictionary";
import { runReference } from "@patchbay/dictionary/testing";
import { ensureDefined, type Tensor, tensor } from "@patchbay/vocabulary";
import { openTestDictionary } from "../dictionary-comparison/testing/test-dictionary.ts";
import { fixtureService } from "../testing/open-test-service.ts";
import { finishedDictionary } from "./finished-dictionary.ts";
import type { ParameterName } from "./parameters.ts";
import { parameterTensor } from "./parameters.ts";
import { seededRandom } from "./random.ts";
import { type Recipe, recipeOf } from "./recipe.ts";
import { reviveDead } from "./revive.ts";
import { buildAccumulateGraph, buildDenseStep, buildKeptStep, parameterNames, STEP } from "./step-graphs.ts";
import { trainDictionaries } from "./train-dictionaries.ts";
import { Trainee } from "./trainee.ts";

const WIDTH = 12;
const BATCH = 16;

function recipe(kind: "sae" | "skip-transcoder" | "transcoder", sparsity: TrainingSparsity, features = 20): Recipe {
  const inputSite = "blocks.0.ln2.hook_normalized";
  return recipeOf(
    {
      name: "r",
      kind,
      inputSite,
      ...(kind === "sae" ? {} : { outputSite: "blocks.0.hook_mlp_out" }),
      features,
      sparsity,
      seed: 3,
    },
    { batch: BATCH, unitDecoder: undefined, reviveAfter: 0, widthOf: () => WIDTH },
  );
}

function rows(seed: number, count = BATCH): Tensor {
  const random = seededRandom(seed);
  return tensor(["row", "value"], [count, WIDTH], Float32Array.from({ length: count * WIDTH }, random.normal));
}

const SCALE = { input: 1, output: 1, outputMean: new Float32Array(WIDTH).fill(0.1) };

/**
 * Loss of a recipe in float64 loops, as a function of its parameters, with the choice of kept features fixed: it is the
 * function that the gradient is of.
 */
function referenceLoss(
  r: Recipe,
  get: (name: ParameterName) => Float64Array,
  x: Tensor,
  y: Tensor,
  kept: (row: number, feature: number) => boolean,
) {
  const [encoder, bias, decoder, out] = (["W_enc", "b_enc", "W_dec", "b_dec"] as const).map(get) as [
    Float64Array,
    Float64Array,
    Float64Array,
    Float64Array,
  ];
  const skip = r.skip ? get("W_skip") : undefined;
  let squares = 0;
  let penalty = 0;
  for (let row = 0; row < BATCH; row++) {
    const input = Array.from({ length: WIDTH }, (_, i) => ensureDefined(x.data[row * WIDTH + i]));
    const output = Array.from({ length: WIDTH }, (_, i) => {
      const linear =
        skip === undefined ? 0 : input.reduce((sum, value, j) => sum + value * ensureDefined(skip[i * WIDTH + j]), 0);
      return ensureDefined(out[i]) + linear;
    });
    for (let f = 0; f < r.features; f++) {
      if (!kept(row, f)) continue;
      let h = ensureDefined(bias[f]);
      for (let i = 0; i < WIDTH; i++)
        h +=
          (ensureDefined(input[i]) - (r.kind === "sae" ? ensureDefined(out[i]) : 0)) *
          ensureDefined(encoder[f * WIDTH + i]);
      if (h <= 0) continue;
      let norm = 0;
      for (let i = 0; i < WIDTH; i++) {
        output[i] = ensureDefined(output[i]) + h * ensureDefined(decoder[f * WIDTH + i]);
        norm += ensureDefined(decoder[f * WIDTH + i]) ** 2;
      }
      if (r.sparsity.kind === "relu") penalty += r.sparsity.coefficient * h * Math.sqrt(norm);
    }
    for (let i = 0; i < WIDTH; i++) squares += (ensureDefined(output[i]) - ensureDefined(y.data[row * WIDTH + i])) ** 2;
  }
  return squares / (BATCH * WIDTH) + penalty / BATCH;
}

for (const [kind, sparsity] of [
  ["sae", { kind: "topk", k: 4 }],
  ["skip-transcoder", { kind: "topk", k: 4 }],
  ["transcoder", { kind: "batch-topk", k: 3 }],
  ["sae", { kind: "relu", coefficient: 0.05 }],
  ["skip-transcoder", { kind: "relu", coefficient: 0.05 }],
] as const) {
  test(`${kind}, ${sparsity.kind}: the gradients are those of finite differences`, async () => {
    const { engine } = await fixtureService("tiny-llama");
    const r = recipe(kind, sparsity);
    const x = rows(1);
    const y = kind === "sae" ? x : rows(2);
    const random = seededRandom(9);
    const trainee = new Trainee(engine, r, SCALE);
    for (const { value } of trainee.parameters) value.set(Float32Array.from(value, () => 0.4 * random.normal()));
    const weights = Object.fromEntries(
      trainee.parameters.map((each) => [each.name, parameterTensor(each, each.value)]),
    );
    const feeds = { ...weights, [STEP.input]: x, ...(kind === "sae" ? {} : { [STEP.target]: y }) };
    const gradients = new Map<string, Float32Array>();
    let kept = (_row: number, _feature: number) => true;
    if (sparsity.kind === "relu") {
      const names = parameterNames(r).map(STEP.gradient);
      const found = await engine.evaluate({ key: `t.${kind}.relu`, build: () => buildDenseStep(r) }, feeds, names);
      for (const name of names) gradients.set(name, ensureDefined(found[name]).data);
    } else {
      const dense = parameterNames(r)
        .filter((name) => name === "b_dec" || name === "W_skip")
        .map(STEP.gradient);
      const passOn = [STEP.activations, STEP.places, STEP.gradient("kept"), STEP.gradient(STEP.output)];
      const first = await engine.evaluate({ key: `t.${kind}.${sparsity.kind}`, build: () => buildKeptStep(r) }, feeds, [
        ...dense,
        ...passOn,
      ]);
      const sums = ["W_enc", "W_dec", "b_enc"].map(STEP.gradient);
      const second = await engine.evaluate(
        { key: `t.${kind}.${sparsity.kind}.sums`, inOneThread: true, build: () => buildAccumulateGraph(r) },
        {
          [STEP.input]: x,
          ...Object.fromEntries(passOn.map((name) => [name, ensureDefined(first[name])])),
          ...(kind === "sae" ? { b_dec: ensureDefined(weights["b_dec"]) } : {}),
        },
        sums,
      );
      for (const name of dense) gradients.set(name, ensureDefined(first[name]).data);
      for (const name of sums) gradients.set(name, ensureDefined(second[name]).data);
      const places = ensureDefined(first[STEP.places]).data as unknown as BigInt64Array;
      const activations = ensureDefined(first[STEP.activations]).data;
      const width = places.length / BATCH;
      const chosen = new Set<string>();
      activations.forEach((value, i) => {
        if (value > 0) chosen.add(`${Math.floor(i / width)}.${ensureDefined(places[i])}`);
      });
      kept = (row, feature) => chosen.has(`${row}.${feature}`);
    }
    const point = new Map(trainee.parameters.map(({ name, value }) => [name, Float64Array.from(value)]));
    const loss = () => referenceLoss(r, (name) => ensureDefined(point.get(name)), x, y, kept);
    for (const [name, values] of point) {
      const gradient = ensureDefined(gradients.get(STEP.gradient(name)), name);
      const largest = gradient.reduce((most, value) => Math.max(most, Math.abs(value)), 0);
      assert.ok(largest > 0, `${name} has a gradient`);
      for (let i = 0; i < values.length; i += Math.max(1, Math.floor(values.length / 25))) {
        const held = ensureDefined(values[i]);
        values[i] = held + 1e-5;
        const above = loss();
        values[i] = held - 1e-5;
        const below = loss();
        values[i] = held;
        const difference = Math.abs((above - below) / 2e-5 - ensureDefined(gradient[i]));
        // float32 sums on one side, a step of 1e-5 in float64 on the other.
        assert.ok(difference < 2e-5 * Math.max(largest, 0.1), `${name}[${i}] is off by ${difference} of ${largest}`);
      }
    }
  });
}

test("sparse codes over known directions are found again, and decoder rows keep length 1", async () => {
  const { engine } = await fixtureService("tiny-llama");
  const random = seededRandom(5);
  const features = 16;
  const truth = Float32Array.from({ length: features * WIDTH }, random.normal);
  for (let f = 0; f < features; f++) {
    const length = Math.hypot(...truth.subarray(f * WIDTH, (f + 1) * WIDTH));
    for (let i = 0; i < WIDTH; i++) truth[f * WIDTH + i] = ensureDefined(truth[f * WIDTH + i]) / length;
  }
  const draw = () => {
    const data = new Float32Array(256 * WIDTH);
    for (let row = 0; row < 256; row++) {
      for (let n = 0; n < 2; n++) {
        const f = random.integer(features);
        const size = 0.5 + random.uniform();
        for (let i = 0; i < WIDTH; i++)
          data[row * WIDTH + i] = ensureDefined(data[row * WIDTH + i]) + size * ensureDefined(truth[f * WIDTH + i]);
      }
    }
    return tensor(["row", "value"], [256, WIDTH], data);
  };
  const r = { ...recipe("sae", { kind: "topk", k: 2 }, 32), batch: 256 };
  const trainee = new Trainee(engine, r, { ...SCALE, outputMean: new Float32Array(WIDTH) });
  let first = 0;
  let last = 0;
  for (let step = 0; step < 400; step++) {
    const x = draw();
    const { unexplained } = await trainee.step(x, x, 0.01);
    if (step === 0) first = unexplained;
    last = unexplained;
  }
  assert.ok(last < 0.05 && last < first / 5, `unexplained ${first} → ${last}`);
  const decoder = trainee.parameter("W_dec").value;
  for (let f = 0; f < features; f++) {
    let best = 0;
    for (let g = 0; g < 32; g++) {
      let dot = 0;
      for (let i = 0; i < WIDTH; i++)
        dot += ensureDefined(truth[f * WIDTH + i]) * ensureDefined(decoder[g * WIDTH + i]);
      best = Math.max(best, dot);
    }
    assert.ok(best > 0.95, `direction ${f} is found with cosine ${best}`);
  }
  for (let g = 0; g < 32; g++) {
    assert.ok(
      Math.abs(Math.hypot(...decoder.subarray(g * WIDTH, (g + 1) * WIDTH)) - 1) < 1e-5,
      "decoder rows keep length 1",
    );
  }
});

for (const kind of ["sae", "skip-transcoder"] as const) {
  test(`${kind}: the finished dictionary makes of raw activations what the trainee makes of scaled ones`, async () => {
    const { engine } = await fixtureService("tiny-llama");
    const random = seededRandom(21);
    // An SAE reads and writes one place, which has one scale.
    const scale = { ...SCALE, input: 3, output: kind === "sae" ? 3 : 0.5 };
    const trainee = new Trainee(engine, recipe(kind, { kind: "topk", k: 4 }), scale);
    for (const { name, value } of trainee.parameters) {
      if (name !== "W_dec" || kind !== "sae") value.set(Float32Array.from(value, () => 0.4 * random.normal()));
    }
    const facts = { set: null, modelName: "m", modelHash: "h", licence: null, skipsFirstPosition: false, training: {} };
    const finished = finishedDictionary(trainee, facts);
    const x = rows(5);
    const y = kind === "sae" ? x : rows(6);
    const { rowErrors } = await trainee.step(x, y, 0);
    const made = ensureDefined(
      runReference(
        finished,
        x.data.map((value) => value * scale.input),
      ).outputs[0],
    );
    for (let row = 0; row < BATCH; row++) {
      let squares = 0;
      for (let i = row * WIDTH; i < (row + 1) * WIDTH; i++) {
        squares += (ensureDefined(made[i]) / scale.output - ensureDefined(y.data[i])) ** 2;
      }
      assert.ok(Math.abs(squares - ensureDefined(rowErrors[row])) < 1e-4 * Math.max(1, squares), `row ${row}`);
    }
  });
}

test("a dead feature starts again on a badly explained row; living ones and those of a recipe without revival stay", async () => {
  const { engine } = await fixtureService("tiny-llama");
  const start = async (reviveAfter: number) => {
    const trainee = new Trainee(engine, { ...recipe("transcoder", { kind: "topk", k: 4 }), reviveAfter }, SCALE);
    await trainee.step(rows(1), rows(2), 0.01);
    trainee.silent.fill(0);
    trainee.silent[7] = 1000;
    return trainee;
  };
  const [x, y] = [rows(3), rows(4)];
  const errors = new Float32Array(BATCH);
  errors[9] = 1;
  const never = await start(0);
  assert.equal(reviveDead(never, x, y, errors), 0);
  const trainee = await start(500);
  const before = trainee.parameter("W_enc").value.slice();
  assert.equal(reviveDead(trainee, x, y, errors), 1);
  const { value, firstMoment } = trainee.parameter("W_enc");
  const row = value.subarray(7 * WIDTH, 8 * WIDTH);
  const source = x.data.subarray(9 * WIDTH, 10 * WIDTH);
  const dot = row.reduce((sum, each, i) => sum + each * ensureDefined(source[i]), 0);
  assert.ok(dot / (Math.hypot(...row) * Math.hypot(...source)) > 0.9999, "it looks along the row with the error");
  assert.ok(firstMoment.subarray(7 * WIDTH, 8 * WIDTH).every((each) => each === 0));
  assert.deepEqual(value.slice(8 * WIDTH), before.slice(8 * WIDTH));
  assert.equal(trainee.silent[7], 0);
});

const REQUEST: TrainingRequest = {
  model: "tiny-llama",
  set: "s",
  corpus: { kind: "samples", seed: 4 },
  tokens: 3000,
  batch: 64,
  learningRate: 0.003,
  evaluationTokens: 300,
  reviveAfter: 500,
  targets: [
    {
      name: "a",
      kind: "skip-transcoder",
      inputSite: "blocks.0.ln2.hook_normalized",
      outputSite: "blocks.0.hook_mlp_out",
      features: 40,
      sparsity: { kind: "topk", k: 4 },
    },
    {
      name: "b",
      kind: "transcoder",
      inputSite: "blocks.1.ln2.hook_normalized",
      outputSite: "blocks.1.hook_mlp_out",
      features: 40,
      sparsity: { kind: "batch-topk", k: 4 },
    },
    {
      name: "c",
      kind: "sae",
      inputSite: "blocks.1.hook_resid_post",
      features: 40,
      sparsity: { kind: "jumprelu", coefficient: 0.002 },
    },
    {
      name: "d",
      kind: "sae",
      inputSite: "blocks.1.hook_resid_post",
      features: 40,
      sparsity: { kind: "relu", coefficient: 0.01 },
      seed: 2,
    },
  ],
};

async function train(request: TrainingRequest, stopAt?: number) {
  const opened = await fixtureService("tiny-llama");
  const kept = new Map<string, Uint8Array>();
  const made = new Map<string, DictionaryWeights>();
  const artefacts = {
    read: async (key: string) => kept.get(key),
    write: async (key: string, bytes: Uint8Array) => void kept.set(key, bytes),
    list: async () => [...kept.keys()],
    remove: async (key: string) => void kept.delete(key),
  };
  const parts = {
    engine: opened.engine,
    tokenizer: { ...opened.tokenizer, bosToken: 0, eosToken: undefined },
    prependBos: true,
    modelName: "tiny-llama",
    licence: null,
    artefacts,
    async install(weights: DictionaryWeights) {
      made.set(weights.spec.name, weights);
      return openTestDictionary(weights);
    },
  };
  const lossOf = (details: unknown) => (details as { points: { unexplained: number }[] }).points;
  if (stopAt !== undefined) {
    const stop = new AbortController();
    const progress = (fraction: number, _: string, details: unknown) => {
      if (lossOf(details).length > 0 && fraction >= stopAt) stop.abort(new Error("stopped"));
    };
    await assert.rejects(trainDictionaries(parts, request, { signal: stop.signal, progress }), /stopped/);
    assert.equal(kept.size, 1, "a checkpoint is kept");
  }
  const outcome = await trainDictionaries(parts, request, { signal: new AbortController().signal });
  assert.equal(kept.size, 0, "and removed at the end");
  return { outcome, made };
}

test("four kinds from one harvest of samples; a run that was stopped ends with the same weights, bit for bit", async () => {
  const whole = await train(REQUEST);
  assert.deepEqual(
    whole.outcome.dictionaries.map(({ name }) => name),
    ["a", "b", "c", "d"],
  );
  for (const { name, quality } of whole.outcome.dictionaries) {
    assert.ok(
      quality !== null && Number.isFinite(quality.loss.spliced) && quality.unexplained < 1.05,
      `${name} ${quality?.unexplained}`,
    );
  }
  const points = whole.outcome.points.filter(({ target }) => target === 0);
  assert.ok(ensureDefined(points.at(-1)).unexplained < 0.8 * ensureDefined(points[0]).unexplained, "training helps");
  const stopped = await train(REQUEST, 0.4);
  for (const [name, weights] of whole.made) {
    for (const [key, value] of Object.entries(weights.tensors)) {
      assert.deepEqual(stopped.made.get(name)?.tensors[key as "W_enc"]?.data, value?.data, `${name}.${key}`);
    }
  }
});

test("training that diverges says so and stops", async () => {
  const wild = { ...REQUEST, learningRate: 1e30, targets: REQUEST.targets.slice(3) };
  await assert.rejects(train(wild), /diverged/);
});
