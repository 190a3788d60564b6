/** What importers make of the parts of a format that its fixtures do not have. */
import assert from "node:assert/strict";
import { cp, readFile, rm, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { test } from "node:test";
import { ensureDefined, PatchbayError } from "@patchbay/vocabulary";
import type { DictionaryWeights } from "../dictionary.ts";
import { editJson, editTensors, withCopy } from "../testing/edit-fixture.ts";
import { dictionaryFixture, importAll } from "../testing/fixtures.ts";
import { encodeReference, runReference } from "../testing/reference-dictionary.ts";
import type { ImportOptions } from "./import-options.ts";
import { fullSiteName, NORMALISED_SITE_NOTE } from "./site-names.ts";
import { rowNorms } from "./tensors.ts";

async function importOne(path: string, options: ImportOptions = {}): Promise<DictionaryWeights> {
  const [weights] = await importAll(path, options);
  return ensureDefined(weights);
}

const random = Float32Array.from({ length: 5 * 8 }, (_, i) => Math.sin(i * i + 1) * 1.5);

test("SAELens: factors learnt after training scale what is decoded, and only where the file says so", () =>
  withCopy("sae-lens-pre-6", async (folder) => {
    const before = runReference(await importOne(folder), random);
    const factors = Float32Array.from({ length: 24 }, (_, i) => 0.5 + i / 12);
    await editTensors(join(folder, "sae_weights.safetensors"), (tensors) => {
      ensureDefined(tensors.get("scaling_factor")).data.set(factors);
    });
    await assert.rejects(importOne(folder), (error) => error instanceof PatchbayError && /in use/.test(error.message));
    await editJson(join(folder, "cfg.json"), { finetuning_scaling_factor: true });
    const weights = await importOne(folder);
    assert.deepEqual(encodeReference(weights, random), before.features);
    const { W_dec, b_dec } = (await importOne((await dictionaryFixture("sae-lens-pre-6")).path)).tensors;
    const expected = Float64Array.from(ensureDefined(b_dec).data);
    factors.forEach((factor, i) => {
      for (let o = 0; o < 8; o++) {
        expected[o] = (expected[o] ?? 0) + (before.features[i] ?? 0) * factor * (W_dec?.data[i * 8 + o] ?? 0);
      }
    });
    const [output] = runReference(weights, random).outputs;
    expected.forEach((value, o) => {
      assert.ok(Math.abs(value - (output?.[o] ?? 99)) < 1e-5);
    });
  }));

test("SAELens: the input scale comes from the file beside, the configuration, or the person, and is the same", () =>
  withCopy("sae-lens-expected-average", async (folder) => {
    const { tensors } = await importOne(folder);
    await rm(join(folder, "activation_scaler.json"));
    assert.deepEqual((await importOne(folder, { normScalingFactor: 0.731 })).tensors, tensors);
    await editJson(join(folder, "cfg.json"), { norm_scaling_factor: 0.731 });
    assert.deepEqual((await importOne(folder)).tensors, tensors);
  }));

test("Llama Scope: a feature is compared after multiplying by its decoder's norm, where the file says so", () =>
  withCopy("llama-scope", async (folder) => {
    await editTensors(join(folder, "checkpoints", "final.safetensors"), (tensors) => {
      const decoder = ensureDefined(tensors.get("decoder.weight"));
      decoder.data.forEach((value, i) => {
        decoder.data[i] = value * (1 + (i % 24) / 8);
      });
    });
    const withNorms = await importOne(folder);
    await editJson(join(folder, "hyperparams.json"), { sparsity_include_decoder_norm: false });
    const without = await importOne(folder);
    const scale = Math.sqrt(8) / 3.7;
    rowNorms(ensureDefined(withNorms.tensors.W_dec)).forEach((norm, i) => {
      const product = (withNorms.tensors.threshold?.data[i] ?? 0) * norm * scale;
      assert.ok(Math.abs(product - (without.tensors.threshold?.data[i] ?? 9)) < 1e-6);
    });
    assert.ok(Math.abs((without.tensors.threshold?.data[0] ?? 9) - 0.52 * scale) < 1e-6);
  }));

test("folders of several hookpoints become a set", () =>
  withCopy("sparsify-topk", async (folder) => {
    await cp(join(folder, "layers.1"), join(folder, "layers.0"), { recursive: true });
    await cp(join(folder, "layers.1"), join(folder, "model.layers.10"), { recursive: true });
    const found = await importAll(folder, { name: "mine", address: "somewhere", licence: "MIT" });
    assert.deepEqual(
      found.map(({ spec }) => [spec.name, spec.set, spec.inputSite]),
      [
        ["mine.layers.0", "mine", "blocks.0.hook_resid_post"],
        ["mine.layers.1", "mine", "blocks.1.hook_resid_post"],
        ["mine.model.layers.10", "mine", "blocks.10.hook_resid_post"],
      ],
    );
    assert.equal(found[0]?.spec.model.name, "tiny-llama");
    assert.equal(found[0]?.spec.source.address, "somewhere");
    assert.equal(found[0]?.spec.licence, "MIT");
  }));

test("sparsify: modules have an output, and for transcoders an input", async () => {
  const modules: readonly [string, boolean, string, string][] = [
    ["h.5", false, "blocks.5.hook_resid_post", "blocks.5.hook_resid_post"],
    ["h.5", true, "blocks.5.hook_resid_pre", "blocks.5.hook_resid_post"],
    ["gpt_neox.layers.2.attention", false, "blocks.2.hook_attn_out", "blocks.2.hook_attn_out"],
    ["layers.3.mlp", true, "blocks.3.ln2.hook_normalized", "blocks.3.hook_mlp_out"],
    ["model.embed_tokens", false, "hook_embed", "hook_embed"],
  ];
  for (const [module, transcode, input, output] of modules) {
    await withCopy("sparsify-topk", async (folder) => {
      await cp(join(folder, "layers.1"), join(folder, module), { recursive: true });
      await editJson(join(folder, module, "cfg.json"), { transcode });
      const { spec } = await importOne(join(folder, module));
      assert.deepEqual([spec.inputSite, spec.outputSites], [input, [output]]);
      assert.equal(spec.subtractDecoderBias, !transcode);
    });
  }
});

test("circuit-tracer: the old name of the MLP's input is read with a warning", () =>
  withCopy("circuit-tracer-skip", async (folder) => {
    const file = join(folder, "config.yaml");
    await writeFile(file, (await readFile(file, "utf8")).replace("mlp.hook_in", "ln2.hook_normalized"));
    const { spec } = await importOne(folder);
    assert.equal(spec.inputSite, "blocks.0.ln2.hook_normalized");
    assert.ok(spec.source.notes.includes(NORMALISED_SITE_NOTE));
  }));

test("names of sites", () => {
  assert.equal(fullSiteName("mlp.hook_in", 3, "x"), "blocks.3.ln2.hook_normalized");
  assert.equal(fullSiteName("blocks.4.mlp.hook_out", undefined, "x"), "blocks.4.hook_mlp_out");
  assert.equal(fullSiteName("hook_embed", 0, "x"), "hook_embed");
  assert.equal(fullSiteName("hook_resid_mid", 1, "x"), "blocks.1.hook_resid_mid");
  for (const wrong of ["hook_resid_mid", "blocks.1.__proto__", "constructor", "blocks.x.hook_mlp_out", "hook_mlp_in"]) {
    assert.throws(
      () => fullSiteName(wrong, undefined, "x"),
      (error) => error instanceof PatchbayError && error.code === "unknown-site",
      wrong,
    );
  }
});
