import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, test } from "node:test";
import type { Engine } from "@patchbay/transformer";
import { ensureDefined } from "@patchbay/vocabulary";
import { type Corpus, countedTokens } from "../corpus/corpus.ts";
import { harvest } from "../corpus/harvest.ts";
import { encodeFeatures } from "../dictionaries/encode-features.ts";
import { fixtureService, UNDISTURBED } from "../testing/open-test-service.ts";
import {
  BATCH_TOKENS,
  buildUnitIndex,
  DEFAULT_SHARD_TOKENS,
  indexShards,
  shardsOf,
  UNIT_INDEX_FILE,
} from "./build-unit-index.ts";
import { dictionarySource, type IndexedSource, neuronSources } from "./index-sources.ts";
import {
  type ExampleReferences,
  HISTOGRAM_BINS,
  HISTOGRAM_EDGES,
  histogramBin,
  INTERVALS,
  intervalShares,
  PER_INTERVAL,
  RANDOM,
  type SourceIndex,
  TOP,
  TOP_TOKENS,
  usableSources,
} from "./source-index.ts";
import { newSourceState } from "./source-state.ts";
import { memoryArtefacts, randomCorpus, randomDictionary } from "./testing/index-fixture.ts";
import { type Activation, naiveNeuron, naiveUnit } from "./testing/naive-index.ts";

const folder = await mkdtemp(join(tmpdir(), "patchbay-unit-index-"));
after(() => rm(folder, { recursive: true, force: true }));

const TOPK = { kind: "topk", k: 6, rectified: true, byDecoderNorm: false } as const;

/** Neurons of the tiny model, and one dictionary of each way to fire. */
async function sourcesFor(engine: Engine, name: string): Promise<IndexedSource[]> {
  const width = engine.model.shape.residualWidth;
  const make = async (options: Parameters<typeof randomDictionary>[1]) =>
    dictionarySource(await randomDictionary(join(folder, `${name}-${options.name}`), options));
  return [
    ...neuronSources(engine.model),
    await make({ name: "topk", inputSite: "blocks.1.ln2.hook_normalized", width, features: 40, activation: TOPK }),
    await make({
      name: "signed-topk",
      inputSite: "blocks.1.ln2.hook_normalized",
      width,
      features: 12,
      activation: { ...TOPK, k: 8, rectified: false },
    }),
    await make({
      name: "jumprelu",
      inputSite: "blocks.2.hook_resid_post",
      width,
      features: 30,
      activation: { kind: "jumprelu", rectified: false },
      skipsFirstPosition: true,
      firstIsDead: true,
    }),
  ];
}

/** [source][unit]: its activation at every counted token, in the order of the corpus, from the same batches. */
async function allActivations(engine: Engine, corpus: Corpus, sources: readonly IndexedSource[], shardTokens: number) {
  const found = sources.map(({ units }) => Array.from({ length: units }, (): Activation[] => []));
  const sites = sources.map(({ site }) => site);
  for (const { from, to } of shardsOf(corpus, shardTokens)) {
    for await (const batch of harvest(engine, corpus, sites, { from, to, batchTokens: BATCH_TOKENS })) {
      for (const [s, { units, dictionary }] of sources.entries()) {
        let dense = ensureDefined(batch.values[s]).data;
        if (dictionary !== undefined) {
          const sparse = await encodeFeatures(engine, dictionary, ensureDefined(batch.values[s]));
          dense = new Float32Array(sparse.rows * units);
          for (let row = 0; row < sparse.rows; row++) {
            if (dictionary.spec.skipsFirstPosition && batch.positions[row] === 0) continue;
            for (let i = sparse.starts[row] ?? 0; i < (sparse.starts[row + 1] ?? 0); i++) {
              dense[row * units + (sparse.features[i] ?? 0)] = sparse.values[i] ?? 0;
            }
          }
        }
        for (const [row, document] of batch.documents.entries()) {
          for (let unit = 0; unit < units; unit++) {
            const value = dense[row * units + unit] ?? 0;
            found[s]?.[unit]?.push({
              document,
              position: batch.positions[row] ?? 0,
              token: batch.tokens[row] ?? 0,
              value,
            });
          }
        }
      }
    }
  }
  const inOrder = (a: Activation, b: Activation) => a.document - b.document || a.position - b.position;
  return found.map((units) => units.map((activations) => activations.sort(inOrder)));
}

function listed({ documents, positions, values }: ExampleReferences, start: number, count: number) {
  return Array.from({ length: count }, (_, i) => start + i)
    .filter((i) => (documents[i] ?? -1) >= 0)
    .map((i) => [documents[i], positions[i], values[i]]);
}

function assertClose(actual: number | undefined, expected: number, what: string): void {
  assert.ok(
    Math.abs((actual ?? Number.NaN) - expected) <= 1e-5 * (1 + Math.abs(expected)),
    `${what}: ${actual}, ${expected}`,
  );
}

for (const [name, skip] of [
  ["tiny-llama", 1],
  ["tiny-gpt2", 0],
] as const) {
  for (const shardTokens of [DEFAULT_SHARD_TOKENS, 300]) {
    test(`${name}: shards of ${shardTokens} tokens give what a naive loop finds`, async () => {
      const { engine } = await fixtureService(name);
      const corpus = randomCorpus(3, 40, 30, skip);
      const sources = await sourcesFor(engine, `${name}-${shardTokens}`);
      const built = await buildUnitIndex({
        engine,
        corpus,
        sources,
        artefacts: memoryArtefacts(),
        shardTokens,
        ...UNDISTURBED,
      });
      assert.equal(built.corpus.tokens, countedTokens(corpus));
      const activations = await allActivations(engine, corpus, sources, shardTokens);
      for (const [s, source] of sources.entries()) {
        const index = ensureDefined(built.sources.get(source.name));
        const { seeds } = newSourceState(source.name, source.units);
        for (let unit = 0; unit < source.units; unit++) {
          const naive = source.kind === "neuron" ? naiveNeuron : naiveUnit;
          assertUnit(index, unit, naive(corpus, ensureDefined(activations[s]?.[unit]), seeds[unit] ?? 0));
        }
      }
      // What the test is about must occur: negative features, dead ones, repeated windows.
      assert.ok(Math.min(...ensureDefined(built.sources.get("signed-topk")).minimum) < 0);
      assert.ok(ensureDefined(built.sources.get("jumprelu")).firing.includes(0));
    });
  }
}

function assertUnit(index: SourceIndex, unit: number, expected: ReturnType<typeof naiveUnit>): void {
  const what = `${index.source} ${unit}`;
  assert.equal(index.firing[unit], expected.firing, what);
  assert.equal(index.maximum[unit], Math.fround(expected.maximum), what);
  assert.equal(index.minimum[unit], Math.fround(expected.minimum), what);
  assertClose(index.sum[unit], expected.sum, what);
  const bins = index.histogram.subarray(unit * HISTOGRAM_BINS, (unit + 1) * HISTOGRAM_BINS);
  assert.deepEqual([...bins], expected.histogram, what);
  assert.deepEqual(listed(index.top, unit * TOP, TOP), expected.top, what);
  expected.intervals.forEach((examples, interval) => {
    const start = (unit * INTERVALS + interval) * PER_INTERVAL;
    assert.deepEqual(listed(index.intervals, start, PER_INTERVAL), examples, `${what}, interval ${interval}`);
  });
  assert.deepEqual(listed(index.random, unit * RANDOM, RANDOM), expected.random, what);
  // Thirty words: no list is ever cut, so the means are exact.
  const means = [...expected.tokenMeans].filter(([, mean]) => mean > 0).sort((a, b) => b[1] - a[1]);
  means.slice(0, TOP_TOKENS).forEach(([token, mean], i) => {
    assertClose(index.topTokenMeans[unit * TOP_TOKENS + i], mean, what);
    const claimed = index.topTokens[unit * TOP_TOKENS + i] ?? -1;
    assertClose(expected.tokenMeans.get(claimed), mean, `${what}, token ${token}`);
  });
  for (let i = means.length; i < TOP_TOKENS; i++) assert.equal(index.topTokens[unit * TOP_TOKENS + i], -1);
}

test("where lists of tokens are cut, means fall short by no more than is documented", async () => {
  const { engine } = await fixtureService("tiny-llama");
  const corpus = randomCorpus(5, 90, 97);
  const sources = (await sourcesFor(engine, "cut")).slice(0, 4);
  const options = { engine, corpus, sources, shardTokens: 500, ...UNDISTURBED };
  const built = await buildUnitIndex({ ...options, artefacts: memoryArtefacts() });
  const activations = await allActivations(engine, corpus, sources, 500);
  let exact = 0;
  let claimed = 0;
  for (const [s, source] of sources.entries()) {
    const index = ensureDefined(built.sources.get(source.name));
    for (let unit = 0; unit < source.units; unit++) {
      const { tokenMeans } = naiveUnit(corpus, ensureDefined(activations[s]?.[unit]), 0);
      for (let i = unit * TOP_TOKENS; i < (unit + 1) * TOP_TOKENS; i++) {
        const mean = tokenMeans.get(index.topTokens[i] ?? -1);
        if (mean === undefined) continue;
        claimed++;
        const estimate = index.topTokenMeans[i] ?? 0;
        if (Math.abs(estimate - mean) < 1e-5) exact++;
        // What features lose by cuts is never negative.
        if (source.kind === "feature") assert.ok(estimate <= mean + 1e-5, `${estimate} above ${mean}`);
      }
    }
  }
  assert.ok(claimed > 1000 && exact / claimed > 0.5, `${exact} of ${claimed} are exact`);
});

test("one worker, four workers, an abort or a full disk on the way: the same bytes", async () => {
  const { engine } = await fixtureService("tiny-llama");
  const corpus = randomCorpus(7, 60, 97);
  const sources = await sourcesFor(engine, "workers");
  const options = { engine, corpus, sources, shardTokens: 200, ...UNDISTURBED };
  const whole = memoryArtefacts();
  const lines: string[] = [];
  await buildUnitIndex({ ...options, artefacts: whole, progress: (_, line) => lines.push(line) });
  const shards = [...shardsOf(corpus, 200)];
  assert.ok(shards.length > 5);
  assert.match(lines[0] ?? "", new RegExp(`^shard 1 of ${shards.length}, [\\d,]+ tokens, [\\d,]+ tokens/s$`));
  assert.deepEqual([...whole.files.keys()].sort(), ["examples.parquet", "unit-index.bin", "units.parquet"]);

  const shared = memoryArtefacts();
  for (const worker of [3, 1, 0, 2]) {
    const only = shards.map(({ number }) => number).filter((number) => number % 4 === worker);
    await indexShards({ ...options, artefacts: shared }, only);
  }
  await buildUnitIndex({ ...options, artefacts: shared });
  assert.deepEqual(shared.files, whole.files);

  const aborted = memoryArtefacts();
  const controller = new AbortController();
  const stop = (_: number, line: string) => {
    if (line.startsWith("shard 3")) controller.abort();
  };
  await assert.rejects(
    buildUnitIndex({ ...options, artefacts: aborted, signal: controller.signal, progress: stop }),
    /abort/i,
  );
  assert.equal(aborted.files.size, 2 * sources.length, "two shards are kept");

  let writes = 0;
  const full = memoryArtefacts(() => {
    if (++writes === 3 * sources.length + 2) throw new Error("ENOSPC: no space left on device");
  });
  for (const [key, bytes] of aborted.files) full.files.set(key, bytes);
  await assert.rejects(buildUnitIndex({ ...options, artefacts: full }), /ENOSPC/);
  assert.equal(full.files.size, 5 * sources.length + 1);
  const resumed: string[] = [];
  await buildUnitIndex({ ...options, artefacts: full, progress: (_, line) => resumed.push(line) });
  assert.match(resumed[0] ?? "", /^shard 6 /);
  assert.deepEqual(full.files, whole.files);
});

test("shards of other settings are not used, and damaged ones are computed anew", async () => {
  const { engine } = await fixtureService("tiny-llama");
  const sources = neuronSources(engine.model);
  const artefacts = memoryArtefacts();
  const options = { engine, sources, artefacts, shardTokens: 200, ...UNDISTURBED };
  await indexShards({ ...options, corpus: randomCorpus(1, 30, 97) });
  const stale = [...artefacts.files.keys()];
  const corpus = randomCorpus(2, 30, 97);
  const lines: string[] = [];
  await indexShards({ ...options, corpus, progress: (_, line) => lines.push(line) });
  assert.match(lines[0] ?? "", /^shard 1 /);
  const own = ensureDefined([...artefacts.files.keys()].find((key) => !stale.includes(key)));
  artefacts.files.set(own, ensureDefined(artefacts.files.get(own)).subarray(0, 100));
  await assert.rejects(buildUnitIndex({ ...options, corpus }), { code: "damaged-file" });
  const built = await buildUnitIndex({ ...options, corpus });
  const anew = await buildUnitIndex({ ...options, corpus, artefacts: memoryArtefacts() });
  assert.deepEqual(built, anew);
  assert.deepEqual([...artefacts.files.keys()].filter((key) => key.includes("shard")).sort(), stale.sort());
});

test("an index keeps its other sources, and gives up those that are another by now", async () => {
  const { engine } = await fixtureService("tiny-llama");
  const [first, second] = neuronSources(engine.model);
  const artefacts = memoryArtefacts();
  const corpus = randomCorpus(1, 20, 97);
  const options = { engine, artefacts, corpus, ...UNDISTURBED };
  const previous = await buildUnitIndex({ ...options, sources: [ensureDefined(first)] });
  const both = await buildUnitIndex({ ...options, sources: [ensureDefined(second)], previous });
  assert.deepEqual([...both.sources.keys()], [first?.name, second?.name]);
  const other = await buildUnitIndex({
    ...options,
    corpus: randomCorpus(2, 20, 97),
    sources: [ensureDefined(second)],
    previous,
  });
  assert.deepEqual([...other.sources.keys()], [second?.name]);
  const hashes = new Map([
    [first?.name ?? "", first?.hash ?? ""],
    [second?.name ?? "", "another"],
  ]);
  assert.deepEqual([...usableSources(both, hashes).sources.keys()], [first?.name]);
  assert.ok(artefacts.files.has(UNIT_INDEX_FILE));
});

test("bins follow the edges, and interval shares add up", () => {
  HISTOGRAM_EDGES.slice(0, -1).forEach((edge, bin) => {
    assert.equal(histogramBin(edge), bin);
    assert.equal(histogramBin(edge * 1.33), bin);
  });
  assert.deepEqual([-1, 0, 1e-30, 1e30].map(histogramBin), [0, 0, 0, HISTOGRAM_BINS - 1]);
  const histogram = new Uint32Array(HISTOGRAM_BINS);
  // 30 in 1…1.5, 10 in 4…5, of which the interval 3…4 holds none.
  histogram[histogramBin(1)] = 30;
  histogram[histogramBin(4)] = 10;
  const unit = { histogram, firing: Uint32Array.of(40), maximum: Float32Array.of(5) } as unknown as SourceIndex;
  assert.deepEqual(
    intervalShares(unit, 0).map((share) => Math.round(share * 1000) / 1000),
    [0, 0.75, 0, 0, 0.25],
  );
});
