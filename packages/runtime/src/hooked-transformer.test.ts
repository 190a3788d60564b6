/**
 * Every hook site and the logits of tiny random HookedTransformers against TransformerLens' own values. Tolerance 1e-5 of the
 * largest value of the site: both sides are float32 and order their sums differently.
 */
import assert from "node:assert/strict";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import {
  decodeSafetensors,
  describeModel,
  type Engine,
  openTensorFolder,
  readModelConfig,
  siteKindsOf,
} from "@patchbay/transformer";
import type { Tensor, TensorData } from "@patchbay/vocabulary";
import { createRuntime } from "./runtime.ts";
import { relativeDifference } from "./testing/fixture-model.ts";
import { assertClose, assertSameNumbers, editOf, logitsOf, observe } from "./testing/observe.ts";

const FOLDER = fileURLToPath(new URL("../../../models/fixtures/hooked/", import.meta.url));
const TOLERANCE = 1e-5;

interface Opened {
  readonly engine: Engine;
  readonly tokens: readonly (readonly number[])[];
  readonly golden: ReadonlyMap<string, Tensor<TensorData>>;
}

async function open(name: string, { blockByBlock = false } = {}): Promise<Opened> {
  const folder = path.join(FOLDER, name);
  const model = describeModel(await readModelConfig(folder), await openTensorFolder(folder), `hooked:${name}`);
  const { tokens } = JSON.parse(await readFile(path.join(folder, "golden.json"), "utf8")) as { tokens: number[][] };
  const golden = decodeSafetensors(await readFile(path.join(folder, "golden.safetensors"))).tensors;
  // A trunk is taken for models of up to an eighth of the budget: none of these fits a tiny one.
  const memoryInBytes = blockByBlock ? 2 ** 14 : 2 ** 30;
  return { engine: createRuntime({ threads: 1, memoryInBytes }).open(model), tokens, golden };
}

const VARIANTS = [
  "layer-norm",
  "folded-layer-norm",
  "root-mean-square",
  "folded-root-mean-square",
  "no-norm-bidirectional",
  "attention-only",
  "attention-only-no-norm",
  "solu",
  "solu-norm",
  "solu-folded-norm",
  "distance-bias",
  "distance-bias-bidirectional",
  "window",
] as const;

for (const name of VARIANTS) {
  test(`${name}: every site and the logits equal TransformerLens'`, async (t) => {
    const { engine, tokens, golden } = await open(name);
    let largest = 0;
    for (const perHead of [false, true]) {
      const { sites, logits } = await observe(engine, tokens, { perHead });
      for (const [site, { data }] of [...sites, ["logits", logits] as const]) {
        const expected = golden.get(site);
        assert.ok(expected, `${site} is a site of TransformerLens, too`);
        assert.equal(data.length, expected.data.length, `${site}: size`);
        const difference = relativeDifference(data, expected.data);
        assert.ok(difference < TOLERANCE, `${site} differs by ${difference}`);
        largest = Math.max(largest, difference);
      }
      assert.equal(golden.size - sites.size - 1, perHead ? 0 : engine.model.shape.layers, "every value is compared");
    }
    t.diagnostic(`largest difference ${largest.toExponential(1)}`);
  });

  test(`${name}: as one graph, block by block, and edited by nothing, the numbers are the same`, async () => {
    const [whole, parts] = [await open(name), await open(name, { blockByBlock: true })];
    const expected = await logitsOf(whole.engine, whole.tokens);
    assertSameNumbers(await logitsOf(parts.engine, parts.tokens), expected, "logits");
    const { shape } = whole.engine.model;
    const edits = siteKindsOf(shape)
      .filter((kind) => kind !== "attn.hook_result" && kind !== "attn.hook_attn_scores")
      .map((kind) => editOf({ kind, layer: shape.layers - 1 }, {}));
    assertClose(await logitsOf(whole.engine, whole.tokens, edits), expected, TOLERANCE, "edited by nothing");
  });
}

test("an edited pattern stays within what its layer sees", async () => {
  const { engine, tokens } = await open("window");
  const pattern = async (layer: number) => {
    const site = { kind: "attn.hook_pattern", layer } as const;
    const edits = [editOf(site, { scale: 0, offset: 1 })];
    const { reads } = await engine.forward({ tokens, edits, reads: [{ site }] });
    // The first row's first head, [query][key].
    return Array.from({ length: 4 }, (_, query) => Array.from(reads[0]?.data.subarray(4 * query, 4 * query + 4) ?? []));
  };
  assert.deepEqual(await pattern(0), [
    [1, 0, 0, 0],
    [1, 1, 0, 0],
    [1, 1, 1, 0],
    [1, 1, 1, 1],
  ]);
  assert.deepEqual(await pattern(1), [
    [1, 0, 0, 0],
    [1, 1, 0, 0],
    [0, 1, 1, 0],
    [0, 0, 1, 1],
  ]);
  const everywhere = await open("no-norm-bidirectional");
  const site = { kind: "attn.hook_pattern", layer: 0 } as const;
  const { reads } = await everywhere.engine.forward({
    tokens: everywhere.tokens,
    edits: [editOf(site, { scale: 0, offset: 1 })],
    reads: [{ site }],
  });
  assert.ok(reads[0]?.data.every((value) => value === 1));
});

for (const name of [
  "folded-layer-norm",
  "folded-root-mean-square",
  "attention-only",
  "distance-bias",
  "window",
] as const) {
  test(`${name}: with a cache the last position's logits are those of the whole pass`, async () => {
    const { engine, tokens } = await open(name);
    const whole = await logitsOf(engine, tokens);
    const cache = engine.newCache(tokens.length);
    const [batch = 0, positions = 0, vocabulary = 0] = whole.shape;
    for (let position = 0; position < positions; position++) {
      const { residual } = await engine.forward({ tokens: tokens.map((row) => [row[position] ?? 0]), cache });
      const { logits } = await engine.unembed({ residual, positions: [position], full: true });
      const expected = new Float32Array(batch * vocabulary);
      for (let row = 0; row < batch; row++) {
        const from = (row * positions + position) * vocabulary;
        expected.set(whole.data.subarray(from, from + vocabulary), row * vocabulary);
      }
      assertClose(
        logits,
        { ...whole, shape: [batch, 1, vocabulary], data: expected },
        TOLERANCE,
        `position ${position}`,
      );
    }
    cache.release();
  });
}

test("a bidirectional model does not generate, and says why", async () => {
  const { engine } = await open("no-norm-bidirectional");
  assert.throws(() => engine.newCache(1), { code: "unsupported-model", message: /bidirectional/ });
});
