import assert from "node:assert/strict";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { text } from "node:stream/consumers";
import { test } from "node:test";
import { Rewrite, type RewriteRequest } from "@patchbay/contract";
import type { Dictionary, DictionarySpec } from "@patchbay/dictionary";
import type { Engine } from "@patchbay/transformer";
import { tensor } from "@patchbay/vocabulary";
import { type Corpus, corpusFromTexts, corpusFromTokens } from "../corpus/corpus.ts";
import { openTestDictionary, randomWeights, testSpec } from "../dictionary-comparison/testing/test-dictionary.ts";
import { fixtureService, storiesService, UNDISTURBED } from "../testing/open-test-service.ts";
import { seededRandom } from "../training/random.ts";
import { type RewriteHelpers, rewriteDictionary } from "./rewrite-dictionary.ts";

/** Texts of few different words behind BOS, for the tiny models: each word is seen often. */
function wordCorpus(): Corpus {
  const random = seededRandom(21);
  const document = () =>
    Int32Array.from({ length: 20 + random.integer(20) }, (_, i) => (i === 0 ? 0 : 40 + random.integer(12)));
  return corpusFromTokens("words", Array.from({ length: 90 }, document), 1);
}

/**
 * An SAE on the token embeddings: feature t fires with 1 on token t alone, and decodes to its embedding. Tokens whose
 * embedding another token's outshines have dead features.
 */
async function embeddingDictionary(engine: Engine, tokens: Int32Array): Promise<Dictionary> {
  const { model } = engine;
  const width = model.shape.residualWidth;
  const { residual } = await engine.forward({ tokens: Array.from(tokens, (id) => [id]), until: 0 });
  const encoder = new Float32Array(tokens.length * width);
  const threshold = new Float32Array(tokens.length);
  const row = (t: number) => residual.data.subarray(t * width, (t + 1) * width);
  const dot = (a: Float32Array, b: Float32Array) => a.reduce((sum, value, i) => sum + value * (b[i] ?? 0), 0);
  for (const t of tokens.keys()) {
    const length = dot(row(t), row(t));
    encoder.set(
      row(t).map((value) => value / length),
      t * width,
    );
    const next = Math.max(
      ...Array.from(tokens.keys(), (other) => (other === t ? 0 : dot(row(t), row(other)) / length)),
    );
    threshold[t] = next < 0.999 ? (1 + next) / 2 : 1e9;
  }
  const site = "blocks.0.hook_resid_pre";
  const spec = testSpec({
    name: "embeddings",
    kind: "sae",
    inputSite: site,
    outputSites: [site],
    inputWidth: width,
    outputWidth: width,
    features: tokens.length,
    activation: { kind: "jumprelu", rectified: true },
  });
  const zeros = (axis: string, length: number) => tensor([axis], [length], new Float32Array(length));
  return openTestDictionary({
    spec,
    tensors: {
      W_enc: tensor(["feature", "input"], [tokens.length, width], encoder),
      b_enc: zeros("feature", tokens.length),
      threshold: tensor(["feature"], [tokens.length], threshold),
      W_dec: tensor(["feature", "output"], [tokens.length, width], residual.data.slice()),
      b_dec: zeros("output", width),
    },
  });
}

const everyToken = Int32Array.from({ length: 97 }, (_, id) => id);

async function rewriting(
  request: Omit<RewriteRequest, "model" | "dictionary">,
  given?: Dictionary,
  helpers: RewriteHelpers = {},
): Promise<Rewrite> {
  const { engine, tokenizer } = await fixtureService("tiny-llama");
  const dictionary = given ?? (await embeddingDictionary(engine, everyToken));
  const settings = { tokens: 1000, ...request };
  return Rewrite.parse(
    await rewriteDictionary(engine, tokenizer, wordCorpus(), dictionary, settings, helpers, UNDISTURBED),
  );
}

const kinds: [string, Partial<DictionarySpec>][] = [
  ["a TopK transcoder", {}],
  ["a ReLU transcoder", { activation: { kind: "relu" } }],
  [
    "an SAE that normalises its input",
    {
      kind: "sae",
      inputSite: "blocks.1.hook_resid_post",
      outputSites: ["blocks.1.hook_resid_post"],
      inputNormalisation: "layer-norm",
    },
  ],
];
for (const [what, changes] of kinds) {
  test(`${what}: the oracle is the dictionary, and the empty simulator is zeros, to the last bit`, async () => {
    const dictionary = await openTestDictionary(randomWeights(testSpec(changes), 3, 1));
    const oracle = await rewriting({ simulator: { kind: "oracle" }, fraction: 0.5 }, dictionary);
    assert.equal(oracle.rewritten, 24);
    assert.deepEqual(oracle.losses.rewritten, oracle.losses.transcoder);
    assert.notEqual(oracle.losses.zeroed.mean, oracle.losses.transcoder.mean);
    for (const { correlation, precision, recall } of oracle.perFeature) {
      if (recall === null) continue;
      assert.ok(Math.abs((correlation ?? 0) - 1) < 1e-9);
      assert.deepEqual([precision, recall], [1, 1]);
    }
    const empty = await rewriting({ simulator: { kind: "empty" }, fraction: 0.5 }, dictionary);
    assert.deepEqual(empty.losses.rewritten, empty.losses.zeroed);
    assert.deepEqual(empty.difference, { mean: 0, low: 0, high: 0 });
    assert.deepEqual(empty.losses.zeroed, oracle.losses.zeroed);
    assert.ok(empty.perFeature.every(({ correlation, precision }) => correlation === null && precision === null));
  });
}

test("with every feature at zero an SAE without biases writes zeros: the whole site's zero ablation", async () => {
  const { losses } = await rewriting({ simulator: { kind: "empty" } });
  assert.deepEqual(losses.zeroed, losses.zeroAblation);
  assert.ok(Math.abs(losses.transcoder.mean - losses.original.mean) < 1e-5, "its features rebuild every word used");
});

test("zeroing features of a normalising SAE is decoding without them", async () => {
  const site = { inputSite: "blocks.1.hook_resid_post", outputSites: ["blocks.1.hook_resid_post"] };
  for (const inputNormalisation of ["layer-norm", "constant-norm"] as const) {
    const spec = testSpec({ kind: "sae", ...site, inputNormalisation, activation: { kind: "relu" } });
    const weights = randomWeights(spec, 3, 1);
    const bare = randomWeights(spec, 3, 1);
    bare.tensors.W_dec?.data.fill(0, 0, 10 * 32);
    const features = Array.from({ length: 10 }, (_, i) => i);
    const zeroed = await rewriting({ simulator: { kind: "empty" }, features }, await openTestDictionary(weights));
    const without = await rewriting({ simulator: { kind: "oracle" }, features }, await openTestDictionary(bare));
    assert.ok(Math.abs(zeroed.losses.rewritten.mean - without.losses.transcoder.mean) < 1e-5);
    assert.ok(Math.abs(zeroed.losses.rewritten.mean - zeroed.losses.transcoder.mean) > 1e-4);
  }
});

test("a true token list or expression restores the dictionary; a wrong one has no precision", async () => {
  const right = await rewriting({ simulator: { kind: "tokens", tokens: [" w45"] }, features: [45] });
  assert.deepEqual(right.perFeature, [
    { feature: 45, correlation: right.perFeature[0]?.correlation, precision: 1, recall: 1 },
  ]);
  assert.ok((right.perFeature[0]?.correlation ?? 0) > 0.999999);
  const gap = Math.abs(right.losses.zeroed.mean - right.losses.transcoder.mean);
  assert.ok(gap > 1e-4, "the feature matters");
  assert.ok(Math.abs(right.losses.rewritten.mean - right.losses.transcoder.mean) < gap / 1000);

  const expression = await rewriting({ simulator: { kind: "regex", pattern: "w45\\b" }, features: [45] });
  assert.deepEqual(expression, right);

  const wrong = await rewriting({ simulator: { kind: "tokens", tokens: [" w46"] }, features: [45] });
  assert.equal(wrong.perFeature[0]?.precision, 0);
  assert.equal(wrong.perFeature[0]?.recall, 0);
  assert.ok((wrong.perFeature[0]?.correlation ?? 0) < 0);
});

test("n-grams learned on other texts restore features that follow the current token", async () => {
  const { losses, perFeature } = await rewriting({ simulator: { kind: "ngram", length: 1 } });
  const used = perFeature.filter(({ recall }) => recall !== null);
  assert.ok(used.length >= 10);
  assert.ok(used.every(({ precision, recall }) => precision === 1 && recall === 1));
  assert.ok(Math.abs(losses.rewritten.mean - losses.transcoder.mean) < 1e-5);
});

test("uncalibrated binary labels write the largest activation", async () => {
  const request = { simulator: { kind: "tokens", tokens: [" w45"] }, features: [45], calibrate: false } as const;
  const { losses } = await rewriting(request as unknown as Omit<RewriteRequest, "model" | "dictionary">);
  // This feature has one value only: its largest is its mean.
  assert.ok(Math.abs(losses.rewritten.mean - losses.transcoder.mean) < 1e-5);
});

test("an endpoint that reads the label well restores the feature; asked once a text", async (t) => {
  let asked = 0;
  const server = createServer(async (request, response) => {
    asked += 1;
    const { messages } = JSON.parse(await text(request)) as { messages: { content: string }[] };
    const question = messages.at(-1)?.content ?? "";
    const label = /^Feature: (.*)$/m.exec(question)?.[1];
    const tokens = [...question.matchAll(/^\d+: (.*)$/gm)].map(([, token]) => JSON.parse(token ?? "null") as string);
    const content = JSON.stringify(tokens.map((token) => (token.trim() === label ? 10 : 0)));
    response.end(JSON.stringify({ choices: [{ message: { content } }] }));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => {
    server.closeAllConnections();
    server.close();
  });
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const labels = new Map([[45, "w45"]]);
  const endpoint = { url, key: undefined, model: undefined };
  const simulator = { kind: "endpoint" } as const;
  const found = await rewriting({ simulator }, undefined, { labels, endpoint });
  assert.equal(found.rewritten, 1, "the features with a label");
  assert.deepEqual([found.perFeature[0]?.precision, found.perFeature[0]?.recall], [1, 1]);
  assert.ok(Math.abs(found.losses.rewritten.mean - found.losses.transcoder.mean) < 1e-5);
  assert.ok(asked > found.texts && asked <= wordCorpus().documents.length);

  const refused = (request: { features?: number[] }, helpers: RewriteHelpers, code: string) =>
    assert.rejects(rewriting({ simulator, ...request }, undefined, helpers), { code });
  await refused({}, { labels }, "not-ready");
  await refused({}, { endpoint }, "invalid-request");
  await refused({ features: [44] }, { labels, endpoint }, "invalid-request");
});

test("features must be named for lists and expressions, and exist", async () => {
  await assert.rejects(rewriting({ simulator: { kind: "tokens", tokens: [" w45"] } }), { code: "invalid-request" });
  await assert.rejects(rewriting({ simulator: { kind: "oracle" }, features: [3, 97] }), {
    code: "unit-out-of-range",
    facts: { expected: "0 to 96", received: "97", at: "features/1" },
  });
});

test("the random choice follows the seed", async () => {
  const chosen = async (seed: number) =>
    (await rewriting({ simulator: { kind: "empty" }, fraction: 0.1, seed })).perFeature.map(({ feature }) => feature);
  assert.deepEqual(await chosen(1), await chosen(1));
  assert.notDeepEqual(await chosen(1), await chosen(2));
  assert.equal((await chosen(1)).length, 10);
});

test("stories-15m: words' embeddings told by unigrams are better than zeros, and the verdict says so", async (t) => {
  const service = await storiesService(t);
  if (service === undefined) return;
  const { engine, tokenizer } = service;
  const names = ["Lily", "Tom", "Sue", "Ben", "Mia"];
  const things = ["a ball", "a big dog", "a red bird", "a little cat", "a tree"];
  const texts = Array.from({ length: 100 }, (_, i) => {
    const [name, other] = [names[i % 5] ?? "", names[(i + 2) % 5] ?? ""];
    const thing = things[Math.floor(i / 5) % 5] ?? "";
    return `One day, ${name} went to the park. ${name} saw ${thing}. ${other} said, "I like it." They were happy.`;
  });
  const corpus = corpusFromTexts("stories", texts, { tokenizer, prependBos: true, context: 256 });
  const used = Int32Array.from(new Set(corpus.documents.flatMap((ids) => Array.from(ids)))).sort();
  const dictionary = await embeddingDictionary(engine, used);
  const request = { simulator: { kind: "ngram", length: 1 } as const, tokens: 1000 };
  const found = await rewriteDictionary(engine, tokenizer, corpus, dictionary, request, {}, UNDISTURBED);
  assert.match(found.verdict, /better than writing zeros/);
  assert.ok(found.losses.rewritten.high < found.losses.zeroed.low);
  assert.ok(Math.abs(found.losses.rewritten.mean - found.losses.original.mean) < 1e-4);
});
