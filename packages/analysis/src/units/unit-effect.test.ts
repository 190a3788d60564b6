import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { UnitEffect } from "@patchbay/contract";
import type { DictionaryWeights, InputNormalisation } from "@patchbay/dictionary";
import { decodeReference } from "@patchbay/dictionary/testing";
import { ensureDefined, type Site, type Tensor, tensor } from "@patchbay/vocabulary";
import { assertNear, distributionOf, klDivergence, largest } from "../testing/distribution.ts";
import { UNDISTURBED } from "../testing/open-test-service.ts";
import { referenceHead } from "../testing/reference-head.ts";
import { dictionarySource } from "../unit-index/index-sources.ts";
import { TOP } from "../unit-index/source-index.ts";
import { placesOf } from "./example-places.ts";
import { failure } from "./testing/failure.ts";
import {
  DEAD_TOKEN_FEATURE,
  DEAD_WRITER,
  openPlanted,
  PLANTED_TOKENS,
  plantedUnits,
  randomValues,
  specOf,
  TOKENS_SAE,
  WRITER,
  WRITTEN_TOKEN,
} from "./testing/planted-units.ts";
import { activationIn } from "./unit-activations.ts";
import { findSource } from "./unit-context.ts";
import { unitEdits } from "./unit-edits.ts";
import { createUnitService } from "./unit-service.ts";
import { observePlaces, runTrials } from "./unit-trials.ts";

const WRITER_SITE: Site = { kind: "ln2.hook_normalized", layer: 2 };
const EMBEDDING_SITE: Site = { kind: "hook_resid_pre", layer: 0 };
const NEURONS = "blocks.1.mlp.hook_post";
/** Inside their texts, of different lengths. */
const SOME_PLACES = [4, 9, 14, 29].map((document) => ({ document, peak: document }));
const MODEL = { model: "tiny-llama" };

test("an ablated neuron's effect equals one forward pass a time", async () => {
  const { context, corpus, engine, index } = await plantedUnits();
  const unit = 9;
  const effect = await createUnitService(context).effect({ ...MODEL, source: NEURONS, unit, random: 3 }, UNDISTURBED);
  assert.deepEqual(UnitEffect.parse(effect), effect);
  assert.equal(effect.examples.length, 8);
  const head = await referenceHead(engine.model);
  /** Logits at the peak with one neuron set there; nothing set without `value`. */
  const logits = async (ids: readonly number[], neuron: number, value?: number) => {
    const site = { kind: "mlp.hook_post", layer: 1 } as const;
    const edit = {
      site,
      rows: "all",
      positions: [ids.length - 1],
      units: [neuron],
      dimensions: "all",
      scale: 0,
    } as const;
    const edits = value === undefined ? [] : [{ ...edit, offset: value }];
    const { residual, reads } = await engine.forward({ tokens: [ids], edits, reads: [{ site }] });
    return { logits: head.logits(lastRow(residual), "final"), activations: lastRow(ensureDefined(reads[0])) };
  };
  const known = ensureDefined(index.sources.get(NEURONS)).top;
  const strongest = placesOf(known, unit * TOP, TOP).filter(({ document, peak }) => {
    return peak + 1 < ensureDefined(corpus.documents[document]).length;
  });
  const otherKls = new Map<number, number[]>(effect.random.units.map((other) => [other, []]));
  for (const [i, example] of effect.examples.entries()) {
    const { document, peak } = example;
    assert.deepEqual([document, peak], [strongest[i]?.document, strongest[i]?.peak]);
    const ids = Array.from(ensureDefined(corpus.documents[document])).slice(0, peak + 1);
    const target = ensureDefined(corpus.documents[document]?.[peak + 1]);
    const before = await logits(ids, unit);
    const changed = await logits(ids, unit, 0);
    const loss = (of: Float64Array) => distributionOf(of).logSumExp - (of[target] ?? 0);
    assertNear(example.lossBefore, loss(before.logits), 1e-5, "loss before");
    assertNear(example.lossAfter, loss(changed.logits), 1e-5, "loss after");
    assertNear(example.kl, klDivergence(before.logits, changed.logits), 1e-6, "KL");
    const [p, q] = [distributionOf(before.logits).probabilities, distributionOf(changed.logits).probabilities];
    const rises = largest(
      q.map((value, id) => value - (p[id] ?? 0)),
      6,
    );
    const falls = largest(
      p.map((value, id) => value - (q[id] ?? 0)),
      6,
    );
    rises.forEach(({ score }, rank) => void assertNear(example.raised[rank]?.score, score, 1e-6, "rise"));
    falls.forEach(({ score }, rank) => void assertNear(example.lowered[rank]?.score, -score, 1e-6, "fall"));
    assert.equal(example.raised[0]?.id, rises[0]?.id);
    assert.equal(example.lowered[0]?.id, falls[0]?.id);
    for (const other of effect.random.units) {
      if ((before.activations[other] ?? 0) <= 0) continue;
      otherKls.get(other)?.push(klDivergence(before.logits, (await logits(ids, other, 0)).logits));
    }
  }
  effect.random.units.forEach((other, i) => {
    const kls = ensureDefined(otherKls.get(other));
    assert.ok(kls.length > 0 && other !== unit, `neuron ${other} fires at ${kls.length} places`);
    assertNear(effect.random.kls[i], average(kls), 1e-6, `random neuron ${other}`);
  });
  assertNear(effect.random.meanKl, average(effect.random.kls), 1e-7, "mean of the random ones");
  assertNear(effect.meanKl, average(effect.examples.map(({ kl }) => kl)), 1e-7, "mean KL");
  const changes = effect.examples.map(({ lossAfter, lossBefore }) => lossAfter - lossBefore);
  assertNear(effect.meanLossChange, average(changes), 1e-6, "mean change of loss");
});

test("a transcoder's feature that writes one token raises that token when it is set", async () => {
  const { context, corpus, engine, index, weights } = await plantedUnits();
  const effect = await createUnitService(context).effect(
    { ...MODEL, source: WRITER, unit: 0, op: "set", multiple: 20, random: 2 },
    UNDISTURBED,
  );
  assert.ok(effect.examples.length >= 5);
  const head = await referenceHead(engine.model);
  const decoder = ensureDefined(weights.get(WRITER)?.tensors.W_dec).data;
  const maximum = ensureDefined(index.sources.get(WRITER)?.maximum[0]);
  for (const { document, peak, raised, lowered, kl } of effect.examples) {
    const ids = Array.from(ensureDefined(corpus.documents[document])).slice(0, peak + 1);
    const { residual, reads } = await engine.forward({ tokens: [ids], reads: [{ site: WRITER_SITE }] });
    const [state, input] = [lastRow(residual), lastRow(ensureDefined(reads[0]))];
    const encoder = ensureDefined(weights.get(WRITER)?.tensors.W_enc).data;
    const from = Math.max(
      0,
      input.reduce((sum, value, i) => sum + value * (encoder[i] ?? 0), 0),
    );
    const set = state.map((value, i) => value + (20 * maximum - from) * (decoder[i] ?? 0));
    const [before, after_] = [head.logits(state, "final"), head.logits(set, "final")];
    assertNear(kl, klDivergence(before, after_), 1e-5, "KL");
    assert.equal(raised[0]?.id, WRITTEN_TOKEN);
    const [p, q] = [distributionOf(before).probabilities, distributionOf(after_).probabilities];
    assertNear(raised[0]?.score, (q[WRITTEN_TOKEN] ?? 0) - (p[WRITTEN_TOKEN] ?? 0), 1e-5, "rise");
    assert.ok(lowered.every(({ id, score }) => id !== WRITTEN_TOKEN && score < 0));
  }
});

test("an SAE's feature acts from its site upwards, with the error kept", async () => {
  const { context, corpus, engine, weights } = await plantedUnits();
  const unit = 2;
  const effect = await createUnitService(context).effect(
    { ...MODEL, source: TOKENS_SAE, unit, op: "set", multiple: 3, random: 0 },
    UNDISTURBED,
  );
  assert.deepEqual(effect.random, { units: [], meanKl: 0, meanLossChange: 0, kls: [] });
  const head = await referenceHead(engine.model);
  const decoder = ensureDefined(weights.get(TOKENS_SAE)?.tensors.W_dec).data;
  assert.ok(effect.examples.length >= 4);
  for (const { document, peak, kl } of effect.examples) {
    const ids = Array.from(ensureDefined(corpus.documents[document])).slice(0, peak + 1);
    assert.equal(ids.at(-1), PLANTED_TOKENS[unit]);
    const { residual, reads } = await engine.forward({ tokens: [ids], reads: [{ site: EMBEDDING_SITE }] });
    const entering = ensureDefined(reads[0]);
    const data = entering.data.slice();
    // The activation is 1 on the token, and 3 times the corpus maximum (1) is asked for.
    for (let i = 0; i < 32; i++) data[peak * 32 + i] = (data[peak * 32 + i] ?? 0) + 2 * (decoder[unit * 32 + i] ?? 0);
    const changed = await engine.forward({ tokens: [], from: { layer: 0, residual: { ...entering, data } } });
    const expected = klDivergence(
      head.logits(lastRow(residual), "final"),
      head.logits(lastRow(changed.residual), "final"),
    );
    assert.ok(expected > 1e-4);
    assertNear(kl, expected, 1e-5 + 1e-4 * expected, "KL");
  }
});

test("ablating a unit that does not fire changes nothing at all", async () => {
  const { context, corpus, engine } = await plantedUnits();
  const { tokenizer } = context;
  const { signal } = UNDISTURBED;
  for (const [name, dead] of [
    [WRITER, DEAD_WRITER],
    [TOKENS_SAE, DEAD_TOKEN_FEATURE],
  ] as const) {
    const source = await findSource(context, name);
    const bench = { engine, tokenizer, corpus, source, signal };
    const places = await observePlaces(bench, SOME_PLACES);
    const trials = places.map((place) => ({ place, unit: dead, from: activationIn(place.activations, dead), to: 0 }));
    for (const { kl, lossBefore, lossAfter, raised, lowered } of await runTrials(bench, trials)) {
      assert.deepEqual([kl, lossAfter - lossBefore, raised, lowered], [0, 0, [], []]);
    }
    const effect = await createUnitService(context).effect({ ...MODEL, source: name, unit: dead }, UNDISTURBED);
    assert.deepEqual(effect.examples, []);
    assert.equal(effect.meanKl, 0);
  }
});

test("setting a unit to what it is changes next to nothing; the same request gives the same answer", async () => {
  const { context, corpus, engine } = await plantedUnits();
  const source = await findSource(context, NEURONS);
  const bench = { engine, tokenizer: context.tokenizer, corpus, source, signal: UNDISTURBED.signal };
  const places = await observePlaces(bench, SOME_PLACES);
  const same = places.map((place) => {
    const from = activationIn(place.activations, 0);
    return { place, unit: 0, from, to: from };
  });
  for (const { kl } of await runTrials(bench, same)) assertNear(kl, 0, 1e-6, "KL");

  const service = createUnitService(context);
  const request = { ...MODEL, source: WRITER, unit: 1, examples: 3, random: 4 };
  assert.deepEqual(await service.effect(request, UNDISTURBED), await service.effect(request, UNDISTURBED));
  const { random } = await service.effect({ ...request, examples: 12, random: 32 }, UNDISTURBED);
  assert.deepEqual([...random.units].sort(), [0, 2, 3, 4, 5, 6], "all that fire somewhere, but not the unit itself");
});

test("more trials than fit one pass give what each gives alone", async () => {
  const { context, corpus, engine } = await plantedUnits();
  const source = await findSource(context, NEURONS);
  const bench = { engine, tokenizer: context.tokenizer, corpus, source, signal: UNDISTURBED.signal };
  const places = await observePlaces(bench, [{ document: 29, peak: 40 }, ...SOME_PLACES]);
  const trials = [1, 2, 3].flatMap((to) =>
    Array.from({ length: 48 }, (_, unit) => ({
      place: ensureDefined(places[unit < 45 ? 0 : unit - 44]),
      unit,
      from: 0,
      to,
    })),
  );
  const together = await runTrials(bench, trials);
  for (const i of [0, 44, 45, 47, 100, 143]) {
    const [alone] = await runTrials(bench, trials.slice(i, i + 1));
    assertNear(together[i]?.kl, ensureDefined(alone).kl, 1e-6, `trial ${i}`);
    assertNear(together[i]?.lossAfter, ensureDefined(alone).lossAfter, 1e-5, `trial ${i}`);
  }
});

test("edits of features move every output site by what the dictionary's arithmetic says", async () => {
  const folder = await mkdtemp(path.join(os.tmpdir(), "patchbay-unit-edits-"));
  after(() => rm(folder, { recursive: true, force: true }));
  const [width, features] = [6, 4];
  const dictionary = (name: string, change: Partial<DictionaryWeights["spec"]>): DictionaryWeights => {
    const facts = {
      name,
      kind: "sae",
      inputSite: "blocks.1.hook_resid_mid",
      outputSites: ["blocks.1.hook_resid_mid"],
    } as const;
    const spec = { ...specOf({ ...facts, features }, width), ...change };
    const targets = spec.outputSites.length;
    const across = spec.kind === "cross-layer-transcoder";
    const decoder = randomValues(features * targets * width, 8);
    return {
      spec,
      tensors: {
        W_enc: tensor(["feature", "input"], [features, width], randomValues(features * width, 9)),
        W_dec: across
          ? tensor(["feature", "target", "output"], [features, targets, width], decoder)
          : tensor(["feature", "output"], [features, width], decoder),
        b_enc: tensor(["feature"], [features], randomValues(features, 10)),
        b_dec: tensor(["output"], [width], randomValues(width, 11)),
      },
    };
  };
  const normalisations: InputNormalisation[] = ["none", "constant-norm", "layer-norm"];
  const across = {
    kind: "cross-layer-transcoder",
    outputSites: ["blocks.1.hook_mlp_out", "blocks.2.hook_mlp_out"],
  } as const;
  const cases = [
    ...normalisations.map((inputNormalisation) => dictionary(inputNormalisation, { inputNormalisation })),
    dictionary("transcoder", {
      kind: "transcoder",
      outputSites: ["blocks.1.hook_mlp_out"],
      inputNormalisation: "layer-norm",
    }),
    dictionary("across", across),
  ];
  const input = randomValues(width, 12);
  for (const weights of cases) {
    const opened = await openPlanted(weights, path.join(folder, weights.spec.name));
    const source = { ...dictionarySource(opened), index: undefined };
    const [from, to] = [0.75, -2];
    const edits = await unitEdits(source, [{ row: 3, position: 5, unit: 2, from, to, input }]);
    const features_ = (value: number) => Float64Array.from([0.5, 0, value, 1]);
    const old = decodeReference(weights, features_(from), input);
    const changed = decodeReference(weights, features_(to), input);
    assert.equal(edits.length, weights.spec.outputSites.length);
    for (const [target, { site, offset, scale, rows, positions }] of edits.entries()) {
      assert.deepEqual(
        [`blocks.${site.layer}.${site.kind}`, scale, rows, positions],
        [weights.spec.outputSites[target], 1, [3], [5]],
      );
      assert.ok(offset instanceof Float32Array && offset.length === width);
      offset.forEach((value, i) => {
        const expected = (changed[target]?.[i] ?? 0) - (old[target]?.[i] ?? 0);
        assertNear(value, expected, 3e-5, `${weights.spec.name}, output ${target}, dimension ${i}`);
      });
    }
  }
});

test("requests that cannot be answered are refused", async () => {
  const { context, withIndex } = await plantedUnits();
  const service = createUnitService(context);
  const request = { ...MODEL, source: WRITER, unit: 1 };
  await assert.rejects(service.effect({ ...request, unit: 8 }, UNDISTURBED), failure("unit-out-of-range", /0 to 7/));
  await assert.rejects(
    service.effect({ ...request, source: "writer" }, UNDISTURBED),
    failure("unknown-site", /planted-writer/),
  );
  await assert.rejects(service.effect({ ...request, multiple: 2 }, UNDISTURBED), failure("invalid-request", /"set"/));
  await assert.rejects(
    createUnitService(withIndex(undefined)).effect(request, UNDISTURBED),
    failure("not-ready", /unit-index/),
  );
  const stopped = AbortSignal.abort();
  await assert.rejects(service.effect(request, { signal: stopped }));
});

/** The last position of one row, in float64. */
function lastRow({ shape, data }: Tensor): Float64Array {
  const width = ensureDefined(shape.at(-1));
  return Float64Array.from(data.subarray(data.length - width));
}

function average(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
