/** A SAELens 6 folder: cfg.json, sae_weights.safetensors, and sparsity.safetensors where densities are known. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encodeSafetensors } from "@patchbay/transformer";
import { ensureDefined, parseSite, type Tensor } from "@patchbay/vocabulary";
import type { DictionarySpec, DictionaryTensorName, DictionaryWeights } from "../dictionary.ts";
import { checkDictionary } from "./check-dictionary.ts";
import { cannotExport, type ExportOptions } from "./export-check.ts";
import { SAE_LENS_CONFIG, SAE_LENS_SPARSITY, SAE_LENS_WEIGHTS } from "./import-sae-lens.ts";
import type { SaeLensArchitecture } from "./sae-lens-config.ts";
import { exportedSiteName } from "./site-names.ts";
import { transpose } from "./tensors.ts";

/** The version whose meaning of the keys is followed. */
const VERSION = "6.54.12";
const TARGET = "SAELens";

/**
 * Writes into a folder, which is made; files of the same names are replaced.
 * @throws PatchbayError `unsupported-model` naming what SAELens has no words for
 */
export async function exportSaeLens(
  folder: string,
  weights: DictionaryWeights,
  options: ExportOptions = {},
): Promise<void> {
  checkDictionary(weights, `The dictionary "${weights.spec.name}"`);
  const config = configOf(weights, options);
  const { density, W_enc, ...rest } = weights.tensors;
  const stored: [string, Tensor][] = [["W_enc", transpose(ensureDefined(W_enc, "W_enc"))]];
  for (const [name, value] of Object.entries(rest)) stored.push([name as DictionaryTensorName, value]);
  await mkdir(folder, { recursive: true });
  await writeFile(join(folder, SAE_LENS_WEIGHTS), encodeSafetensors(stored));
  await writeFile(join(folder, SAE_LENS_CONFIG), `${JSON.stringify(config, undefined, 2)}\n`);
  if (density === undefined) return;
  const logarithms = { ...density, data: density.data.map((share) => Math.log10(share + 1e-10)) };
  await writeFile(join(folder, SAE_LENS_SPARSITY), encodeSafetensors([["sparsity", logarithms]]));
}

function configOf(weights: DictionaryWeights, options: ExportOptions): Record<string, unknown> {
  const { spec } = weights;
  const { activation, kind } = spec;
  const transcoder = kind === "transcoder";
  const heads = parseSite(spec.inputSite).kind === "attn.hook_z";
  const normalisation = { none: "none", "constant-norm": "constant_norm_rescale", "layer-norm": "layer_norm" } as const;
  if (spec.skipsFirstPosition && !(options.accept?.includes("first-position") ?? false)) {
    throw cannotExport(
      spec.name,
      TARGET,
      "a dictionary that encodes every position",
      "one that leaves out the first",
      'Accept the difference "first-position": the first position must then be left out by whoever uses the file.',
    );
  }
  return {
    architecture: architectureOf(weights),
    d_in: spec.inputWidth,
    d_sae: spec.features,
    ...(transcoder ? { d_out: spec.outputWidth } : {}),
    ...(activation.kind === "topk" ? { k: activation.k, rescale_acts_by_decoder_norm: activation.byDecoderNorm } : {}),
    dtype: "float32",
    device: "cpu",
    apply_b_dec_to_input: spec.subtractDecoderBias,
    normalize_activations: normalisation[spec.inputNormalisation],
    reshape_activations: heads ? "hook_z" : "none",
    metadata: metadataOf(spec, transcoder),
  };
}

function metadataOf(spec: DictionarySpec, transcoder: boolean): Record<string, unknown> {
  return {
    sae_lens_version: VERSION,
    sae_lens_training_version: null,
    model_name: spec.model.name,
    hook_name: exportedSiteName(spec.inputSite),
    ...(transcoder ? { hook_name_out: exportedSiteName(spec.outputSites[0] ?? "") } : {}),
    hook_head_index: null,
    ...(spec.skipsFirstPosition ? { seqpos_slice: [1, null] } : {}),
    // SAELens keeps keys that it does not know.
    patchbay: {
      name: spec.name,
      set: spec.set,
      modelHash: spec.model.hash,
      skipsFirstPosition: spec.skipsFirstPosition,
    },
  };
}

function architectureOf({ spec, tensors }: DictionaryWeights): SaeLensArchitecture {
  const { activation, kind, skip, name } = spec;
  const refuse = (expected: string, received: string) => cannotExport(name, TARGET, expected, received);
  if (kind === "cross-layer-transcoder") throw refuse("an SAE or a transcoder", "a cross-layer transcoder");
  if (activation.kind === "jumprelu" && !activation.rectified && tensors.threshold?.data.some((theta) => theta < 0)) {
    throw refuse("thresholds of at least 0, as SAELens rectifies", "negative thresholds");
  }
  if (kind === "transcoder") {
    if (spec.subtractDecoderBias) throw refuse("a transcoder that does not subtract b_dec", "one that does");
    if (activation.kind === "relu") return skip ? "skip_transcoder" : "transcoder";
    if (activation.kind === "jumprelu") return skip ? "jumprelu_skip_transcoder" : "jumprelu_transcoder";
    throw refuse("a transcoder with ReLU or JumpReLU", `one with ${activation.kind}`);
  }
  if (skip) throw refuse("an SAE without a skip connection", "one with it");
  switch (activation.kind) {
    case "relu":
      return "standard";
    case "gated":
      return "gated";
    case "jumprelu":
      return "jumprelu";
    case "topk":
      if (activation.rectified) return "topk";
      throw refuse("top-k that rectifies", "one that keeps negative values");
    case "groupmax":
      throw refuse("ReLU, gated, JumpReLU or top-k", "groupmax");
  }
}
