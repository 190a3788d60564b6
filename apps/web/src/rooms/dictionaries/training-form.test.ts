import assert from "node:assert/strict";
import { test } from "node:test";
import { TrainingRequest } from "@patchbay/contract";
import { readTrainingForm, trainingFormOf, usualTraining, withKind } from "./training-form.ts";

const usual = usualTraining({ layers: 6, residualWidth: 288 });

test("the usual form is a request that the contract takes", () => {
  const { request, problems } = readTrainingForm(usual, "stories-15m");
  assert.deepEqual(problems, {});
  const [target] = TrainingRequest.parse(request).targets;
  assert.deepEqual(
    [target?.name, target?.inputSite, target?.outputSite, target?.features],
    ["tc-topk-2304-L3", "blocks.3.ln2.hook_normalized", "blocks.3.hook_mlp_out", 2304],
  );
});

test("layers and seeds multiply, and several make a set", () => {
  const form = withKind({ ...usual, layers: [4, 2], seeds: "1 0", name: "pair" }, "sae");
  const { request, names } = readTrainingForm(form, "m");
  assert.deepEqual(names, ["pair-L2-s0", "pair-L2-s1", "pair-L4-s0", "pair-L4-s1"]);
  assert.equal(request?.set, "pair");
  assert.equal(request?.targets[0]?.outputSite, undefined);
  assert.equal(request?.targets[0]?.inputSite, "blocks.2.hook_resid_post");
});

test("a request survives the way to the form and back", () => {
  const form = {
    ...usual,
    name: "x",
    layers: [0, 5],
    seeds: "3",
    sparsity: "relu",
    coefficient: "0.02",
    batch: "512",
  } as const;
  const { request } = readTrainingForm({ ...form, corpus: "file", path: "/data/a.txt" }, "m");
  assert.ok(request !== undefined);
  assert.deepEqual(readTrainingForm({ ...trainingFormOf(request), name: "x" }, "m").request, request);
});

test("what cannot be trained is said at its field", () => {
  const { request, problems } = readTrainingForm(
    { ...usual, name: "a b", layers: [], features: "1", k: "0", seeds: "x", tokens: "10", corpus: "file", decay: "2" },
    "m",
  );
  assert.equal(request, undefined);
  assert.deepEqual(Object.keys(problems).sort(), [
    "decay",
    "features",
    "k",
    "layers",
    "name",
    "path",
    "seeds",
    "tokens",
  ]);
});

test("k cannot be more than there are features", () => {
  assert.deepEqual(Object.keys(readTrainingForm({ ...usual, features: "16" }, "m").problems), ["k"]);
});
