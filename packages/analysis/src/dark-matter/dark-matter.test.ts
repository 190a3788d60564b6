import assert from "node:assert/strict";
import { test } from "node:test";
import { DarkMatter } from "@patchbay/contract";
import type { DictionaryWeights } from "@patchbay/dictionary";
import { type Corpus, corpusFromTexts, corpusFromTokens } from "../corpus/corpus.ts";
import { corpusLoss } from "../corpus/corpus-loss.ts";
import { harvest } from "../corpus/harvest.ts";
import { reconstruct } from "../dictionaries/encode-features.ts";
import { openTestDictionary, randomWeights, testSpec } from "../dictionary-comparison/testing/test-dictionary.ts";
import { fixtureService, storiesService, UNDISTURBED } from "../testing/open-test-service.ts";
import { seededRandom } from "../training/random.ts";
import { darkMatter } from "./dark-matter.ts";
import { splitDocuments } from "./split-documents.ts";

const RESIDUAL = { inputSite: "blocks.1.hook_resid_post", outputSites: ["blocks.1.hook_resid_post"] };

/** Texts of random tokens behind BOS, for the tiny models (vocabulary 97). */
function randomCorpus(documents = 100): Corpus {
  const random = seededRandom(11);
  const text = () =>
    Int32Array.from({ length: 12 + random.integer(30) }, (_, i) => (i === 0 ? 0 : 1 + random.integer(96)));
  return corpusFromTokens("random tokens", Array.from({ length: documents }, text), 1);
}

function sae(name: string, change: (weights: DictionaryWeights) => void = () => undefined) {
  const weights = randomWeights(testSpec({ name, kind: "sae", ...RESIDUAL }), 1);
  change(weights);
  return openTestDictionary(weights);
}

test("a dictionary that says nothing: its error is the input itself, all of it linear, and keeping that restores the loss", async () => {
  const { engine, tokenizer } = await fixtureService("tiny-llama");
  const silent = await sae("silent", ({ tensors }) => {
    tensors.W_dec?.data.fill(0);
    tensors.b_dec?.data.fill(0);
  });
  const found = await darkMatter(engine, tokenizer, randomCorpus(), silent, undefined, { ridge: 1e-8 }, UNDISTURBED);
  assert.ok(found.vectorR2.value > 0.999999, `vector ${found.vectorR2.value}`);
  assert.ok(found.parts.nonlinearError < 1e-6 && found.parts.nonlinearError >= 0);
  assert.ok(Math.abs(found.loss.withLinear - found.loss.original) < 1e-4);
  assert.ok(Math.abs(found.loss.withNonlinear - found.loss.reconstruction) < 1e-4);
  // The whole of x about zero, over its variance about the mean: at least 1.
  assert.ok(found.unexplained >= 1);
});

test("shares sum to 1, the three parts to x, and shuffled fits predict nothing", async () => {
  const { engine, tokenizer } = await fixtureService("tiny-llama");
  const transcoder = await openTestDictionary(randomWeights(testSpec(), 2, 1));
  const corpus = randomCorpus();
  const found = DarkMatter.parse(
    await darkMatter(engine, tokenizer, corpus, transcoder, undefined, { tokens: 2000 }, UNDISTURBED),
  );
  const { parts } = found;
  assert.ok(Math.abs(parts.reconstruction + parts.linearError + parts.nonlinearError - 1) < 1e-12);
  assert.ok(found.sumResidual < 1e-5, `residual ${found.sumResidual}`);
  assert.ok(found.vectorR2.value > 0.15 && found.vectorR2.value < 0.6);
  for (const { shuffled } of [found.vectorR2, found.normR2])
    assert.ok(shuffled < 0.03 && shuffled > -0.3, `${shuffled}`);
  assert.equal(found.wider, null);
  assert.ok(found.trainTokens >= 1000 && found.testTokens >= 1000);
});

test("R² is that of the same regression done row by row", async () => {
  const { engine, tokenizer } = await fixtureService("tiny-gpt2");
  const spec = testSpec({
    inputWidth: engine.model.shape.residualWidth,
    outputWidth: engine.model.shape.residualWidth,
  });
  const transcoder = await openTestDictionary(randomWeights(spec, 2, 1));
  const corpus = randomCorpus();
  const ridge = 0.01;
  const found = await darkMatter(
    engine,
    tokenizer,
    corpus,
    transcoder,
    undefined,
    { tokens: 2000, ridge },
    UNDISTURBED,
  );
  const { train, test: held } = splitDocuments(corpus, 1000, 1000);
  const rowsOf = async (range: { from: number; to: number }) => {
    const rows: { x: number[]; e: number[] }[] = [];
    const sites = [{ kind: "ln2.hook_normalized", layer: 1 } as const, { kind: "hook_mlp_out", layer: 1 } as const];
    for await (const { values, tokens } of harvest(engine, corpus, sites, range)) {
      const [input, output] = values;
      if (input === undefined || output === undefined) throw new Error("no values");
      const [made] = (await reconstruct(engine, transcoder, input)).outputs;
      const width = spec.inputWidth;
      for (let row = 0; row < tokens.length; row++) {
        const at = (data: Float32Array | undefined) => Array.from(data?.subarray(row * width, (row + 1) * width) ?? []);
        const y = at(made?.data);
        rows.push({ x: [...at(input.data), 1], e: at(output.data).map((value, i) => value - (y[i] ?? 0)) });
      }
    }
    return rows;
  };
  const [fitRows, testRows] = [await rowsOf(train), await rowsOf(held)];
  const targets = (e: readonly number[]) => [...e, e.reduce((sum, value) => sum + value * value, 0)];
  const weights = ridgeByElimination(
    fitRows.map(({ x }) => x),
    fitRows.map(({ e }) => targets(e)),
    ridge,
  );
  let [left, total, normLeft, normTotal] = [0, 0, 0, 0];
  const wanted = testRows.map(({ e }) => targets(e));
  const mean = wanted[0]?.map((_, t) => wanted.reduce((sum, row) => sum + (row[t] ?? 0), 0) / wanted.length) ?? [];
  for (const [r, { x }] of testRows.entries()) {
    for (const [t, value] of (wanted[r] ?? []).entries()) {
      const predicted = x.reduce((sum, each, i) => sum + each * (weights[i]?.[t] ?? 0), 0);
      const [squared, about] = [(value - predicted) ** 2, (value - (mean[t] ?? 0)) ** 2];
      if (t === mean.length - 1) {
        normLeft += squared;
        normTotal += about;
      } else {
        left += squared;
        total += about;
      }
    }
  }
  assert.ok(
    Math.abs(found.vectorR2.value - (1 - left / total)) < 1e-5,
    `${found.vectorR2.value} and ${1 - left / total}`,
  );
  assert.ok(Math.abs(found.normR2.value - (1 - normLeft / normTotal)) < 1e-4);
});

test("a dictionary compared with itself errs on the same tokens; in another order of tokens it does not", async () => {
  const { engine, tokenizer } = await fixtureService("tiny-llama");
  const narrow = await sae("narrow");
  const found = await darkMatter(engine, tokenizer, randomCorpus(), narrow, narrow, {}, UNDISTURBED);
  assert.ok(found.wider !== null);
  assert.ok(Math.abs(found.wider.correlation - 1) < 1e-9);
  assert.ok(Math.abs(found.wider.shuffled) < 0.1);
  assert.ok(Math.abs(found.wider.unexplained - found.unexplained) < 1e-9);
  assert.equal(found.wider.scatter.narrow.length, Math.min(2000, found.testTokens));
});

test("blind spots: the texts and tokens with the largest error, BOS not among them", async () => {
  const { engine, tokenizer } = await fixtureService("tiny-llama");
  const found = await darkMatter(engine, tokenizer, randomCorpus(), await sae("narrow"), undefined, {}, UNDISTURBED);
  const mean = (values: readonly number[]) => values.reduce((sum, value) => sum + value, 0) / values.length;
  const means = found.blind.map(({ error }) => mean(error));
  assert.deepEqual(
    means,
    [...means].sort((a, b) => b - a),
  );
  assert.ok((means[0] ?? 0) > found.unexplained);
  for (const { tokens, error } of found.blind) {
    assert.equal(tokens.length, error.length);
    assert.ok(!tokens.some(({ text }) => text === "<s>"));
  }
  assert.ok(found.blindTokens.every(({ count }) => count >= 5));
  assert.ok(found.blindTokens.length > 5);
});

test("refused: a wider dictionary of another site, several layers, a site that cannot be replaced", async () => {
  const { engine, tokenizer } = await fixtureService("tiny-llama");
  const [narrow, other] = [await sae("narrow"), await openTestDictionary(randomWeights(testSpec(), 2))];
  const refused = (dictionary: typeof narrow, wider: typeof narrow | undefined, code: string) =>
    assert.rejects(darkMatter(engine, tokenizer, randomCorpus(), dictionary, wider, {}, UNDISTURBED), { code });
  await refused(narrow, other, "values-do-not-fit");
  const cross = testSpec({
    kind: "cross-layer-transcoder",
    outputSites: ["blocks.1.hook_mlp_out", "blocks.2.hook_mlp_out"],
  });
  await refused({ ...narrow, spec: cross }, undefined, "unsupported-model");
  const sites = { inputSite: "blocks.1.mlp.hook_post", outputSites: ["blocks.1.mlp.hook_post"] };
  await refused({ ...narrow, spec: testSpec({ kind: "sae", ...sites }) }, undefined, "site-not-writable");
});

test("stories-15m: the error of a random transcoder, at the model's size", async (t) => {
  const service = await storiesService(t);
  if (service === undefined) return;
  const { engine, tokenizer } = service;
  const stories = [
    "Once upon a time, there was a little girl named Lily.",
    "The dog ran to the big tree. It was happy.",
  ];
  const texts = Array.from(
    { length: 40 },
    (_, i) => `${stories[i % 2]} ${stories[(i + 1) % 2]} ${"Tom saw a bird. ".repeat(i % 5)}`,
  );
  const corpus = corpusFromTexts("stories", texts, { tokenizer, prependBos: true, context: 256 });
  const spec = testSpec({ inputWidth: 288, outputWidth: 288, features: 600 });
  const transcoder = await openTestDictionary(randomWeights(spec, 5));
  const found = await darkMatter(engine, tokenizer, corpus, transcoder, undefined, {}, UNDISTURBED);
  assert.ok(found.sumResidual < 1e-5);
  const { test: held } = splitDocuments(corpus, 8000, 8000);
  const { mean } = await corpusLoss(engine, corpus, held);
  assert.equal(found.loss.original, mean);
});

/** Ridge with an unpenalised last input (the constant), by Gauss–Jordan elimination of the normal equations. */
function ridgeByElimination(x: readonly number[][], y: readonly number[][], strength: number): number[][] {
  const size = x[0]?.length ?? 0;
  const mean = Array.from({ length: size }, (_, i) => x.reduce((sum, row) => sum + (row[i] ?? 0), 0) / x.length);
  const squares = x.reduce((sum, row) => sum + row.reduce((s, value, i) => s + (value - (mean[i] ?? 0)) ** 2, 0), 0);
  const lambda = (strength * squares) / x.length / (size - 1);
  const rows = Array.from({ length: size }, (_, i) => [
    ...Array.from(
      { length: size },
      (_, j) =>
        x.reduce((sum, row) => sum + (row[i] ?? 0) * (row[j] ?? 0), 0) / x.length +
        (i === j && i < size - 1 ? lambda : 0),
    ),
    ...(y[0] ?? []).map((_, t) => x.reduce((sum, row, r) => sum + (row[i] ?? 0) * (y[r]?.[t] ?? 0), 0) / x.length),
  ]);
  for (let i = 0; i < size; i++) {
    const pivot = rows
      .slice(i)
      .reduce((best, row, k) => (Math.abs(row[i] ?? 0) > Math.abs(rows[best]?.[i] ?? 0) ? i + k : best), i);
    const [held, chosen] = [rows[i] ?? [], rows[pivot] ?? []];
    rows[pivot] = held;
    rows[i] = chosen.map((value) => value / (chosen[i] ?? 1));
    for (const [k, row] of rows.entries()) {
      if (k === i) continue;
      const factor = row[i] ?? 0;
      rows[k] = row.map((value, j) => value - factor * (rows[i]?.[j] ?? 0));
    }
  }
  return rows.map((row) => row.slice(size));
}
