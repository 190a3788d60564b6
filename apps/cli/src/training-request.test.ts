import assert from "node:assert/strict";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { isAbsolute, join } from "node:path";
import { test } from "node:test";
import type { TrainingLive } from "@patchbay/contract";
import type { PatchbayError } from "@patchbay/vocabulary";
import { describeProgress } from "./commands/train-dictionary.ts";
import { parseLayers, type TrainingFlags, trainingRequest } from "./training-request.ts";

const SAE: TrainingFlags = {
  name: "mine",
  kind: "sae",
  site: "blocks.3.hook_resid_post",
  features: 2304,
  topk: 32,
  tokens: 2e6,
};
const make = (flags: TrainingFlags) => trainingRequest(flags, "stories-15m", async () => 6);

test("flags make a recipe of one target", async () => {
  assert.deepEqual(await make({ ...SAE, seed: 7, batch: 1024 }), {
    model: "stories-15m",
    targets: [
      {
        name: "mine",
        kind: "sae",
        inputSite: "blocks.3.hook_resid_post",
        features: 2304,
        sparsity: { kind: "topk", k: 32 },
        seed: 7,
      },
    ],
    corpus: { kind: "samples" },
    tokens: 2e6,
    batch: 1024,
  });
});

test("layers make a set, one target a layer", async () => {
  const { topk: _, ...rest } = SAE;
  const flags: TrainingFlags = {
    ...rest,
    model: "gpt2",
    kind: "transcoder",
    site: "ln2.hook_normalized",
    outputSite: "hook_mlp_out",
    layers: "0,4-5",
    jumprelu: 0.001,
    corpus: "texts.txt",
  };
  const { model, set, targets, corpus } = await make(flags);
  assert.deepEqual([model, set], ["gpt2", "mine"]);
  assert.deepEqual(
    targets.map(({ name, inputSite, outputSite }) => [name, inputSite, outputSite]),
    [0, 4, 5].map((layer) => [
      `mine.layer-${layer}`,
      `blocks.${layer}.ln2.hook_normalized`,
      `blocks.${layer}.hook_mlp_out`,
    ]),
  );
  assert.deepEqual(targets[0]?.sparsity, { kind: "jumprelu", coefficient: 0.001 });
  assert.ok(corpus.kind === "file" && isAbsolute(corpus.path));
  await assert.rejects(make({ ...flags, site: "blocks.0.ln2.hook_normalized" }), { message: /without its layer/ });
});

test("layers are all, numbers and ranges, and within the model", () => {
  assert.deepEqual(parseLayers("all", 3), [0, 1, 2]);
  assert.deepEqual(parseLayers("2, 0-1,1", 3), [0, 1, 2]);
  for (const wrong of ["3", "1-0", "", "a", "-1", "0-9"]) {
    assert.throws(() => parseLayers(wrong, 3), { code: "invalid-request" }, wrong);
  }
});

test("what is missing, contradictory or out of range is said", async () => {
  await assert.rejects(make({ kind: "sae", topk: 3 }), { message: /--name, --site, --features, --tokens/ });
  await assert.rejects(make({ ...SAE, relu: 1 }), { message: /one kind of sparsity.*Received topk and relu/ });
  const { topk: _, ...none } = SAE;
  await assert.rejects(make(none), { message: /one of --topk K, --batch-topk K/ });
  await assert.rejects(make({ ...SAE, features: 1 }), (error: PatchbayError) => {
    assert.deepEqual([error.code, error.facts.at], ["invalid-request", "targets/0/features"]);
    return true;
  });
});

test("a recipe file is a request, and nothing but the model stands beside it", async (context) => {
  const folder = await mkdtemp(join(tmpdir(), "patchbay-recipe-"));
  context.after(() => rm(folder, { recursive: true, force: true }));
  const recipe = join(folder, "recipe.json");
  const written = await make(SAE);
  await writeFile(recipe, JSON.stringify(written));
  assert.deepEqual(await make({ recipe }), written);
  assert.equal((await make({ recipe, model: "gpt2" })).model, "gpt2");
  await assert.rejects(make({ recipe, batchTopk: 3 }), { message: /Received --batch-topk/ });
  await writeFile(recipe, JSON.stringify({ ...written, tokenz: 1 }));
  await assert.rejects(make({ recipe }), { message: /tokenz/ });
  await writeFile(recipe, "{");
  await assert.rejects(make({ recipe }), { code: "malformed-json" });
});

test("progress shows the newest numbers, averaged over what is trained together", () => {
  const point = { step: 1, tokens: 10, loss: 1, l0: 30, unexplained: 0.5, deadShare: 0, learningRate: 1e-3 };
  const details: TrainingLive = {
    targets: ["a", "b"],
    points: [
      { ...point, target: 0, loss: 9 },
      { ...point, target: 0 },
      { ...point, target: 1, loss: 0.5, l0: 34, deadShare: 0.1 },
    ],
    tokensPerSecond: 1234.5,
    phase: "training",
  };
  assert.equal(
    describeProgress("step 1", details),
    "training: loss 0.7500, L0 32.0, unexplained 0.500, dead 5.0 %, 1235 tokens/s",
  );
  assert.equal(describeProgress("sampling", undefined), "sampling");
  assert.equal(describeProgress("sampling", { ...details, points: [] }), "sampling");
});
