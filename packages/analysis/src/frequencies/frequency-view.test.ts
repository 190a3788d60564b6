/** The frequency view on a planted model of one frequency, against plain edits, and on a real one that was trained. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { FrequencyAblation, FrequencyRequest, FrequencyView } from "@patchbay/contract";
import type { Engine, SiteEdit } from "@patchbay/transformer";
import { ensureDefined, selectAlong } from "@patchbay/vocabulary";
import { hookedFixture, serviceOfFolder, toyModelFolder } from "../testing/hooked-service.ts";
import { type TestService, UNDISTURBED } from "../testing/open-test-service.ts";
import { PLANTED, plantedAddition } from "./testing/planted-addition.ts";

async function ask({ service, name }: TestService, request: Omit<FrequencyRequest, "model"> = {}) {
  return service.ask("frequencies", { model: name, ...request }, UNDISTURBED);
}

function ablation(
  view: FrequencyView,
  at: FrequencyAblation["at"],
  kind: FrequencyAblation["kind"],
  frequency?: number,
) {
  const found = view.ablations.find(
    (each) => each.at === at && each.kind === kind && (frequency === undefined || each.frequencies[0] === frequency),
  );
  return ensureDefined(found, `${kind} in the ${at}`);
}

const BOTH = ["embedding", "neurons"] as const;

test("the planted frequency shows in embedding, neurons and logits, and is the key", async () => {
  const planted = await serviceOfFolder("planted", await plantedAddition());
  const view = await ask(planted, { ablate: [...BOTH] });
  const { modulus, key, decoy, decoyAmplitude, neurons } = PLANTED;
  assert.equal(view.modulus, modulus);
  assert.deepEqual(view.template, ["a", "b", modulus]);
  assert.equal(view.baseline.accuracy, 1);
  const at = (frequency: number) => ensureDefined(view.spectrum[frequency - 1]);
  const power = 1 + decoyAmplitude ** 2;
  assert.ok(Math.abs(at(key).embedding - 1 / power) < 1e-6);
  assert.ok(Math.abs(at(decoy).embedding - decoyAmplitude ** 2 / power) < 1e-6);
  assert.equal(at(key).bestOf, neurons);
  assert.ok(view.neurons.every(({ frequency, power: { total } }) => frequency === key && total > 0.8));
  // What a neuron does besides is in overtones of the key, none of them the strongest.
  const strongest = [...view.spectrum].sort((one, other) => other.logits.sum - one.logits.sum)[0];
  assert.equal(strongest?.frequency, key);
  assert.ok(at(key).logits.sum > 100 * at(key).logits.difference);
  assert.deepEqual(view.key.frequencies, [key]);
});

test("removing the planted frequency removes the answer, removing the decoy does not", async () => {
  const planted = await serviceOfFolder("planted", await plantedAddition());
  const view = await ask(planted, { ablate: [...BOTH], frequencies: [PLANTED.key] });
  // Without it all numbers are alike, and one answer of 13 is right.
  assert.ok(Math.abs(ablation(view, "embedding", "key").accuracy - 1 / PLANTED.modulus) < 1e-9);
  // Neurons bend their waves, which leaves products of different frequencies: half of the answers, and none of them surely.
  assert.ok(ablation(view, "neurons", "key").accuracy < 0.6);
  for (const at of BOTH) {
    assert.ok(ablation(view, at, "key").loss > 20 * view.baseline.loss, `${at}: without the key`);
    assert.deepEqual(ablation(view, at, "strongest-others").frequencies, [PLANTED.decoy]);
    assert.equal(ablation(view, at, "strongest-others").accuracy, 1);
    const singles = view.ablations.filter((each) => each.at === at && each.kind === "single");
    assert.equal(singles.length, Math.floor(PLANTED.modulus / 2));
    const key = ablation(view, at, "single", PLANTED.key);
    assert.deepEqual({ ...key, kind: "key" }, ablation(view, at, "key"));
    assert.ok(singles.every((each) => each === key || each.loss < key.loss));
  }
  // The decoy is read by nothing: not even the loss moves.
  const without = ablation(view, "embedding", "single", PLANTED.decoy);
  assert.ok(Math.abs(without.loss - view.baseline.loss) < 1e-5 * view.baseline.loss + 1e-7);
});

/** Mean loss and accuracy over all pairs, one plain pass a pair, under the edits of that pair. */
async function plainScore(engine: Engine, modulus: number, last: number, edits: (a: number, b: number) => SiteEdit[]) {
  let loss = 0;
  let right = 0;
  for (let a = 0; a < modulus; a++) {
    for (let b = 0; b < modulus; b++) {
      const own = edits(a, b);
      const { residual } = await engine.forward({ tokens: [[a, b, last]], edits: own });
      const head = await engine.unembed({
        residual: selectAlong(residual, "position", [2]),
        positions: [2],
        full: true,
      });
      const answer = (a + b) % modulus;
      loss += ((head.logSumExp.data[0] ?? 0) - (head.logits?.data[answer] ?? 0)) / modulus ** 2;
      right += head.topTokens.data[0] === answer ? 1 / modulus ** 2 : 0;
    }
  }
  return { loss, right };
}

const SUBTRACT = { rows: "all", units: "all", dimensions: "all", scale: 1 } as const;

test("the embedding loses what edits at hook_embed take", async () => {
  const { engine, ...rest } = await hookedFixture("layer-norm");
  const [modulus, last, frequency] = [7, 9, 2];
  const view = await ask({ engine, ...rest }, { modulus, template: ["a", "b", last], ablate: ["embedding"] });
  const { data, shape } = await engine.model.tensors.read("embed.W_E");
  const width = shape[1] ?? 0;
  const removed = (x: number) =>
    Float32Array.from({ length: width }, (_, i) => {
      let sum = 0;
      for (let y = 0; y < modulus; y++) {
        sum -= (2 / modulus) * Math.cos((2 * Math.PI * frequency * (x - y)) / modulus) * (data[y * width + i] ?? 0);
      }
      return sum;
    });
  const site = { kind: "hook_embed" } as const;
  const expected = await plainScore(engine, modulus, last, (a, b) => [
    { ...SUBTRACT, site, positions: [0], offset: removed(a) },
    { ...SUBTRACT, site, positions: [1], offset: removed(b) },
  ]);
  const found = ablation(view, "embedding", "single", frequency);
  assert.ok(Math.abs(found.loss - expected.loss) < 1e-5, `${found.loss} is ${expected.loss}`);
  assert.ok(Math.abs(found.accuracy - expected.right) < 1e-9);
  assert.ok(Math.abs(found.loss - view.baseline.loss) > 1e-3, "and something is taken");
});

test("neurons of an early layer lose what edits at hook_post take, and the layers above see it", async () => {
  const { engine, ...rest } = await hookedFixture("layer-norm");
  const [modulus, last, frequency] = [7, 9, 3];
  const site = { kind: "mlp.hook_post", layer: 0 } as const;
  const view = await ask({ engine, ...rest }, { modulus, template: ["a", "b", last], layer: 0, ablate: ["neurons"] });
  const { neurons } = engine.model.shape;
  const values: number[] = [];
  for (let a = 0; a < modulus; a++) {
    for (let b = 0; b < modulus; b++) {
      const { reads } = await engine.forward({ tokens: [[a, b, last]], reads: [{ site, positions: [2] }] });
      values.push(...ensureDefined(reads[0]).data);
    }
  }
  const removed = (a: number, b: number) =>
    Float32Array.from({ length: neurons }, (_, neuron) => {
      let sum = 0;
      for (let x = 0; x < modulus; x++) {
        for (let y = 0; y < modulus; y++) {
          const along = (2 / modulus) * Math.cos((2 * Math.PI * frequency * (a - x)) / modulus);
          const across = (2 / modulus) * Math.cos((2 * Math.PI * frequency * (b - y)) / modulus);
          // Waves over a, over b, and products of both.
          const kernel = along / modulus + across / modulus + along * across;
          sum -= kernel * (values[(x * modulus + y) * neurons + neuron] ?? 0);
        }
      }
      return sum;
    });
  const expected = await plainScore(engine, modulus, last, (a, b) => [
    { ...SUBTRACT, site, positions: [2], offset: removed(a, b) },
  ]);
  const found = ablation(view, "neurons", "single", frequency);
  assert.ok(Math.abs(found.loss - expected.loss) < 1e-5, `${found.loss} is ${expected.loss}`);
  assert.ok(Math.abs(found.loss - view.baseline.loss) > 1e-3, "and something is taken");
});

test("a model without neurons has the frequencies of embedding and logits, and no neurons to remove from", async () => {
  const service = await hookedFixture("attention-only");
  const view = await ask(service, { modulus: 5, template: ["a", 7, "b"], ablate: ["embedding"], single: false });
  assert.equal(view.layer, null);
  assert.ok(view.spectrum.every(({ neurons, bestOf }) => neurons === null && bestOf === null));
  assert.match(view.key.rule, /logits/);
  assert.deepEqual(view.neurons, []);
  await assert.rejects(ask(service, { modulus: 5, ablate: ["neurons"] }), { code: "unsupported-model" });
});

test("requests that cannot be met are refused by name", async () => {
  const service = await hookedFixture("layer-norm");
  for (const [request, code] of [
    [{}, "token-out-of-range"],
    [{ modulus: 7, template: ["a", 1, 2] }, "invalid-request"],
    [{ modulus: 7, template: ["a", "b", 11] }, "token-out-of-range"],
    [{ modulus: 7, template: ["a", "b", 1, 2, 3, 4] }, "context-exceeded"],
    [{ modulus: 7, frequencies: [4] }, "invalid-request"],
    [{ modulus: 7, layer: 2 }, "layer-out-of-range"],
  ] as const) {
    await assert.rejects(ask(service, request as unknown as Omit<FrequencyRequest, "model">), { code });
  }
  const cancelled = { signal: AbortSignal.abort() };
  await assert.rejects(service.service.ask("frequencies", { model: service.name, modulus: 7 }, cancelled), {
    code: "cancelled",
  });
});

test("grokked addition: five frequencies carry the answer in embedding and neurons", async (t) => {
  const folder = toyModelFolder(t, "grokked-addition");
  if (folder === undefined) return;
  const service = await serviceOfFolder("grokked-addition", folder);
  const view = await ask(service, { ablate: [...BOTH], single: false });
  assert.equal(view.baseline.accuracy, 1);
  const key = [6, 23, 37, 39, 41];
  assert.deepEqual(
    [...view.key.frequencies].sort((a, b) => a - b),
    key,
  );
  const byEmbedding = [...view.spectrum].sort((one, other) => other.embedding - one.embedding).slice(0, key.length);
  assert.deepEqual(
    byEmbedding.map(({ frequency }) => frequency).sort((a, b) => a - b),
    key,
  );
  const share = (pick: (entry: FrequencyView["spectrum"][number]) => number) =>
    view.spectrum.filter(({ frequency }) => key.includes(frequency)).reduce((sum, entry) => sum + pick(entry), 0);
  assert.ok(share(({ embedding }) => embedding) > 0.8);
  assert.ok(share(({ neurons }) => neurons?.total ?? 0) > 0.94);
  assert.ok(share(({ logits }) => logits.sum) > 0.97, "logits are waves over a + b");
  for (const at of BOTH) {
    const [without, others] = [ablation(view, at, "key"), ablation(view, at, "strongest-others")];
    t.diagnostic(`${at}: ${without.accuracy} without the key frequencies, ${others.accuracy} without as many others`);
    assert.ok(without.accuracy < 0.03, `${at}: the answer is gone`);
    assert.ok(others.accuracy > 0.999, `${at}: the answer stays`);
    assert.ok(ablation(view, at, "all-others").accuracy > 0.99, `${at}: the key frequencies are enough`);
  }
});
