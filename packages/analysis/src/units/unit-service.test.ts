import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { UnitEffect, UnitList, UnitPage, UnitTextSearch } from "@patchbay/contract";
import { ensureDefined, tensor } from "@patchbay/vocabulary";
import { corpusFromTexts } from "../corpus/corpus.ts";
import type { ArtefactStore } from "../model-service.ts";
import { assertNear, klDivergence } from "../testing/distribution.ts";
import { storiesService, UNDISTURBED } from "../testing/open-test-service.ts";
import { buildUnitIndex } from "../unit-index/build-unit-index.ts";
import { decodeUnitIndex, encodeUnitIndex } from "../unit-index/encode-unit-index.ts";
import { dictionarySource, neuronSources } from "../unit-index/index-sources.ts";
import { openPlanted, randomValues, specOf } from "./testing/planted-units.ts";
import { computeTokenSides } from "./token-sides.ts";
import type { UnitContext } from "./unit-context.ts";
import { createUnitService } from "./unit-service.ts";

const TEXTS = [
  "Once upon a time, there was a little girl named Lily. She loved to play outside in the park with her friends.",
  "Tom and Sue are friends. They like to play with cars and dolls. One day, they saw a big dog in the park.",
  "The dog ran to the big tree. A bird sat on the tree and sang a song. The dog wanted to catch the bird.",
  'Ben had a red ball. He threw the ball high. "Look, mum!" he said. His mum smiled and clapped her hands.',
  "It was a cold day. The cat sat by the fire and slept. Then the fire went out and the cat was sad.",
  "One day a boy found a shiny stone. He showed it to his dad. His dad said it was very old and pretty.",
];
const NEURONS = "blocks.3.mlp.hook_post";
const RANDOM_TOP = "random-top";

test("stories-15m: pages, searches and effects over an index as it is built and stored", async (t) => {
  const service = await storiesService(t);
  if (service === undefined) return;
  const { engine, tokenizer } = service;
  const folder = await mkdtemp(path.join(os.tmpdir(), "patchbay-unit-service-"));
  after(() => rm(folder, { recursive: true, force: true }));
  const { residualWidth: width, context: longest } = engine.model.shape;
  const features = 64;
  const facts = { name: RANDOM_TOP, kind: "transcoder", inputSite: "blocks.2.ln2.hook_normalized", features } as const;
  const dictionary = await openPlanted(
    {
      spec: {
        ...specOf({ ...facts, outputSites: ["blocks.2.hook_mlp_out"] }, width),
        activation: { kind: "topk", k: 6, rectified: true, byDecoderNorm: false },
      },
      tensors: {
        W_enc: tensor(["feature", "input"], [features, width], randomValues(features * width, 1)),
        W_dec: tensor(["feature", "output"], [features, width], randomValues(features * width, 2)),
        b_enc: tensor(["feature"], [features], new Float32Array(features)),
        b_dec: tensor(["output"], [width], new Float32Array(width)),
      },
    },
    path.join(folder, RANDOM_TOP),
  );
  const corpus = corpusFromTexts("stories", TEXTS, { tokenizer, prependBos: true, context: longest });
  const stored = new Map<string, Uint8Array>();
  const artefacts: ArtefactStore = {
    read: async (key) => stored.get(key),
    write: async (key, bytes) => void stored.set(key, bytes),
    list: async (prefix) => [...stored.keys()].filter((key) => key.startsWith(prefix)).sort(),
    remove: async (key) => void stored.delete(key),
  };
  const sources = [...neuronSources(engine.model).slice(3, 4), dictionarySource(dictionary)];
  const built = await buildUnitIndex({ engine, corpus, sources, artefacts, ...UNDISTURBED });
  const index = decodeUnitIndex(encodeUnitIndex(built));
  const sides = await computeTokenSides(engine, dictionary, UNDISTURBED);
  const context: UnitContext = {
    engine,
    tokenizer,
    modelName: "stories-15m",
    prependBos: true,
    index: () => index,
    corpus: async () => corpus,
    dictionaries: async () => new Map([[RANDOM_TOP, dictionary]]),
    labels: { list: async () => [], set: async () => undefined },
    tokenSides: async (source) => (source === RANDOM_TOP ? sides : undefined),
    badge: async () => null,
  };
  const units = createUnitService(context);

  // Every example of a page is checked against what is stored.
  let examples = 0;
  for (const [source, step] of [
    [NEURONS, 48],
    [RANDOM_TOP, 8],
  ] as const) {
    for (let unit = 0; unit < (index.sources.get(source)?.units ?? 0); unit += step) {
      const page = await units.page(source, unit, undefined, UNDISTURBED);
      assert.deepEqual(UnitPage.parse(page), page);
      const own = page.groups.flatMap((group) => group.examples);
      for (const { tokens, document, start } of own) {
        const shown = Array.from(ensureDefined(corpus.documents[document]).subarray(start, start + tokens.length));
        assert.deepEqual(
          tokens.map(({ id }) => id),
          shown,
        );
      }
      examples += own.length;
    }
  }
  assert.ok(examples > 200, `${examples} examples`);

  const list = await units.list({ fires: " the", source: RANDOM_TOP });
  assert.deepEqual(UnitList.parse(list), list);
  assert.ok(
    list.rows.every(({ topTokens, writes }) => topTokens.some(({ text }) => text === " the") && writes.length > 0),
  );
  const found = await units.byText({ text: "The dog sat by the tree.", limit: 20 }, UNDISTURBED);
  assert.deepEqual(UnitTextSearch.parse(found), found);
  assert.equal(found.rows.length, 20);

  const [strongest] = (await units.list({ source: RANDOM_TOP, sort: "density", limit: 1 })).rows;
  const unit = ensureDefined(strongest).unit;
  const effect = await units.effect({ model: "stories-15m", source: RANDOM_TOP, unit, examples: 3 }, UNDISTURBED);
  assert.deepEqual(UnitEffect.parse(effect), effect);
  assert.equal(effect.random.units.length, 8);
  const { data: decoder } = await dictionary.read("W_dec");
  for (const { document, peak, kl, lossBefore } of effect.examples) {
    const ids = Array.from(ensureDefined(corpus.documents[document])).slice(0, peak + 1);
    const page = await units.page(RANDOM_TOP, unit, 12, UNDISTURBED);
    const own = page.groups[0]?.examples.find((each) => each.document === document);
    const activation = ensureDefined(own).peakActivation;
    // The transcoder's layer by hand: the block's output without what the feature writes.
    const through = await engine.forward({ tokens: [ids], until: 3 });
    const without = through.residual.data.slice();
    for (let i = 0; i < width; i++) {
      without[peak * width + i] = (without[peak * width + i] ?? 0) - activation * (decoder[unit * width + i] ?? 0);
    }
    const logits = async (data: Float32Array) => {
      const { residual } = await engine.forward({
        tokens: [],
        from: { layer: 3, residual: { ...through.residual, data } },
      });
      const last = tensor(["batch", "position", "residual"], [1, 1, width], residual.data.slice(peak * width));
      return ensureDefined((await engine.unembed({ residual: last, positions: [peak], full: true })).logits).data;
    };
    const [before, changed] = [await logits(through.residual.data), await logits(without)];
    const expected = klDivergence(before, changed);
    assertNear(kl, expected, 2e-5 + 1e-3 * expected, `KL in text ${document}`);
    const target = ensureDefined(corpus.documents[document]?.[peak + 1]);
    const total = Math.log(before.reduce((sum, value) => sum + Math.exp(value), 0));
    assertNear(lossBefore, total - (before[target] ?? 0), 1e-3, "loss");
    t.diagnostic(`text ${document}: KL ${kl.toFixed(5)}, by hand ${expected.toFixed(5)}`);
  }
});
