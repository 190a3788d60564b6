import assert from "node:assert/strict";
import { test } from "node:test";
import { SITE_KINDS, type SiteKind } from "@patchbay/vocabulary";
import type { ModelShape } from "../architecture.ts";
import { axisLengthOf, siteKindsOf, siteKindsOfStage } from "./sites.ts";

const SHAPE: ModelShape = {
  family: "llama",
  layers: 2,
  residualWidth: 12,
  heads: 4,
  keyValueHeads: 2,
  headWidth: 3,
  neurons: 20,
  vocabulary: 60,
  outputVocabulary: 50,
  context: 16,
  norm: { kind: "rms", epsilon: 1e-5 },
  activation: "silu",
  gated: true,
  positions: { kind: "rotary", rotary: { frequencies: [1] } },
  scoreScale: 1,
  direction: "causal",
  arrangement: "sequential",
};

const without = (...kinds: SiteKind[]) => SITE_KINDS.filter((kind) => !kinds.includes(kind));

test("a model has the sites that its parts make, in order of computation", () => {
  assert.deepEqual(siteKindsOf(SHAPE), without("hook_pos_embed", "mlp.hook_mid"));
  const gpt2: ModelShape = { ...SHAPE, gated: false, positions: { kind: "learned" } };
  assert.deepEqual(
    siteKindsOf(gpt2),
    without("attn.hook_rot_q", "attn.hook_rot_k", "mlp.hook_pre_linear", "mlp.hook_mid"),
  );
  const parallel: ModelShape = { ...SHAPE, arrangement: "parallel" };
  assert.deepEqual(siteKindsOf(parallel), without("hook_pos_embed", "mlp.hook_mid", "hook_resid_mid"));
  const solu: ModelShape = { ...SHAPE, gated: false, neuronNorm: true };
  assert.deepEqual(siteKindsOf(solu), without("hook_pos_embed", "mlp.hook_pre_linear"));
});

test("without norms there are no scales, without neurons no MLP and no middle", () => {
  const plain: ModelShape = { ...SHAPE, norm: { kind: "none", epsilon: 0 }, neurons: 0, gated: false };
  assert.deepEqual(
    siteKindsOf(plain).filter((kind) => !kind.startsWith("attn.")),
    [
      "hook_embed",
      "hook_resid_pre",
      "ln1.hook_normalized",
      "hook_attn_out",
      "hook_resid_post",
      "ln_final.hook_normalized",
    ],
  );
});

test("the stages share the sites out; single heads only on request", () => {
  const stages = (["embed", "block", "unembed"] as const).flatMap((stage) => siteKindsOfStage(SHAPE, stage, true));
  assert.deepEqual(stages, siteKindsOf(SHAPE));
  const block = siteKindsOfStage(SHAPE, "block", true);
  assert.deepEqual(
    siteKindsOfStage(SHAPE, "block", false),
    block.filter((kind) => kind !== "attn.hook_result"),
  );
});

test("axes that the model fixes have lengths; those of the input have none", () => {
  const fixed = {
    residual: 12,
    head: 4,
    key_value_head: 2,
    head_dimension: 3,
    neuron: 20,
    norm: 1,
    token: 50,
  } as const;
  for (const [axis, length] of Object.entries(fixed))
    assert.equal(axisLengthOf(SHAPE, axis as keyof typeof fixed), length);
  for (const axis of ["batch", "position", "query", "key"] as const) assert.equal(axisLengthOf(SHAPE, axis), undefined);
});
