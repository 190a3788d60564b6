/** What ships with the bundled model: the dictionaries say of themselves what is true, and the index belongs to them. */
import assert from "node:assert/strict";
import { readdir, stat } from "node:fs/promises";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";
import { openDictionaryLibrary } from "@patchbay/dictionary";
import { hashModelFolder } from "@patchbay/transformer";
import { ensureDefined } from "@patchbay/vocabulary";
import { readTexts } from "./corpus/corpus.ts";
import type { StoredQuality } from "./dictionaries/dictionary-summary.ts";
import { openModelService } from "./open-model-service.ts";
import { storiesService, UNDISTURBED } from "./testing/open-test-service.ts";

const SHIPPED = fileURLToPath(new URL("../../../models/stories-15m", import.meta.url));
const LIMIT_IN_BYTES = 50e6;

function library() {
  return openDictionaryLibrary({ roots: [{ folder: path.join(SHIPPED, "dictionaries"), bundled: true }] });
}

test("eleven dictionaries open, weigh less than 50 MB, and state their quality, recipe and licence", async () => {
  const { dictionaries, problems } = await library().list();
  assert.deepEqual(problems, []);
  assert.equal(dictionaries.length, 11);
  assert.deepEqual(
    dictionaries.filter(({ spec }) => spec.kind === "transcoder").map(({ spec }) => spec.inputSite),
    [0, 1, 2, 3, 4, 5].map((layer) => `blocks.${layer}.ln2.hook_normalized`),
  );
  let bytes = 0;
  for (const { spec, folder } of dictionaries) {
    for (const file of await readdir(folder)) bytes += (await stat(path.join(folder, file))).size;
    const { quality } = spec.quality as unknown as StoredQuality;
    assert.ok(
      quality.unexplained < 0.4 && quality.loss.recoveredAgainstMean > 0.8,
      `${spec.name} is good enough to show`,
    );
    assert.ok(spec.training !== null && spec.licence === "MIT");
    assert.equal(JSON.stringify(spec).includes("/work"), false);
  }
  assert.ok(bytes < LIMIT_IN_BYTES, `${bytes} bytes`);
});

async function shippedService(t: TestContext) {
  const stories = await storiesService(t);
  if (stories === undefined) return undefined;
  const folder = path.join(
    process.env["PATCHBAY_TEST_HOME"] ?? path.join(SHIPPED, "../../.patchbay/test-home"),
    "models/stories-15m",
  );
  const hash = await hashModelFolder(folder);
  const engine = { ...wrapped(stories.engine), model: { ...stories.engine.model, hash } };
  return openModelService({
    facts: {
      name: "stories-15m",
      prependBos: true,
      licence: null,
      source: null,
      description: null,
      examplePrompts: [],
    },
    engine,
    tokenizer: stories.tokenizer,
    artefacts: {
      read: async () => undefined,
      write: async () => undefined,
      list: async () => [],
      remove: async () => undefined,
    },
    runtimeVersion: "the runtime under test",
    referenceTexts: async () => [],
    dictionaries: library(),
    labels: { list: async () => [], set: async () => undefined },
    indexCorpusTexts: () => readTexts(path.join(SHIPPED, "corpus.jsonl.gz")),
    bundledIndexFile: path.join(SHIPPED, "unit-index.bin"),
  });
}

/** The same engine under another description of its model. */
function wrapped(engine: NonNullable<Awaited<ReturnType<typeof storiesService>>>["engine"]): typeof engine {
  return {
    model: engine.model,
    forward: (request) => engine.forward(request),
    unembed: (request) => engine.unembed(request),
    evaluate: (...call) => engine.evaluate(...call),
    newCache: (...call) => engine.newCache(...call),
    loadedBytes: () => engine.loadedBytes(),
    unload: () => engine.unload(),
  };
}

test("the shipped index covers every neuron and feature, and its examples are recomputed as they were stored", async (t) => {
  const service = await shippedService(t);
  if (service === undefined) return;
  const all = await service.units.list({ dead: "include", limit: 1 });
  assert.equal(all.sources.length, 6 + 11);
  assert.equal(all.total, 6 * 768 + 6 * 4608 + 4 * 1536 + 4608);
  for (const [source, unit] of [
    ["mlp-4", 100],
    ["mlp-0", 7],
    ["stream-3-topk-a", 606],
    ["stream-3-relu-b", 3],
    ["blocks.2.mlp.hook_post", 40],
  ] as const) {
    // The page refuses examples whose recomputed peak is not the stored one.
    const page = await service.units.page(source, unit, 4, UNDISTURBED);
    const statistics = ensureDefined(page.statistics);
    assert.ok(statistics.tokens > 300_000);
    assert.ok(statistics.firing === 0 || ensureDefined(page.groups[0]).examples.length > 0, `${source} ${unit}`);
  }
});

test("seeds share features: the badge counts the other seed, and TopK seeds are compared with ReLU seeds", async (t) => {
  const service = await shippedService(t);
  if (service === undefined) return;
  const shared = async (left: string, right: string) => {
    const request = { model: "stories-15m", left, right };
    return (await service.dictionaries.compare(request, UNDISTURBED)).shared;
  };
  const topk = await shared("stream-3-topk-a", "stream-3-topk-b");
  const relu = await shared("stream-3-relu-a", "stream-3-relu-b");
  t.diagnostic(`shared at 0.7: TopK seeds ${topk.toFixed(3)}, ReLU + L1 seeds ${relu.toFixed(3)}`);
  assert.equal(await shared("stream-3-topk-a", "stream-3-topk-a"), 1);
  // Far above random directions, far below 1: seeds find different features.
  assert.ok(topk > 0.01 && topk < 1 && relu > 0.01 && relu < 1);
  const page = await service.dictionaries.feature("stream-3-topk-a", 606);
  assert.equal(page.badge?.seeds, 1);
});
