/** cfg.json of SAELens, before and after its version 6, as one form. Source: SAELens 6.54 (pretrained_sae_loaders). */
import { PatchbayError } from "@patchbay/vocabulary";
import type { InputNormalisation } from "../dictionary.ts";
import { MAXIMUM_FEATURES, MAXIMUM_WIDTH } from "./limits.ts";
import { type Config, isObject, readChoice, readCount, readFlag, readSection, readText } from "./read-config.ts";

const ARCHITECTURES = [
  "standard",
  "gated",
  "jumprelu",
  "topk",
  "transcoder",
  "skip_transcoder",
  "jumprelu_transcoder",
  "jumprelu_skip_transcoder",
] as const;
export type SaeLensArchitecture = (typeof ARCHITECTURES)[number];

/** These are saved as jumprelu once training is over. */
const TRAINING_ONLY = ["batchtopk", "matryoshka_batchtopk"];

export interface SaeLensConfig {
  readonly file: string;
  readonly architecture: SaeLensArchitecture;
  readonly inputWidth: number;
  readonly outputWidth: number;
  readonly features: number;
  readonly subtractDecoderBias: boolean;
  readonly normalisation: InputNormalisation | "expected-average";
  readonly reshapeHeads: boolean;
  readonly topk: { readonly k: number; readonly byDecoderNorm: boolean } | undefined;
  readonly hook: string | undefined;
  readonly outputHook: string | undefined;
  readonly modelName: string | undefined;
  /** Whether a factor on the features, learnt after training, is in the weights file and in use. */
  readonly finetuned: boolean;
  /** What Patchbay's own export added: `metadata.patchbay`. */
  readonly own: Config;
  readonly notes: readonly string[];
}

/** @throws PatchbayError `unsupported-model`, `damaged-file` */
export function interpretSaeLensConfig(raw: Config): SaeLensConfig {
  const metadata = readSection(raw, "metadata");
  const old = isBeforeSix(raw, metadata);
  // Version 6 moved what describes the model into `metadata`; before, all keys were flat.
  const about: Config = { file: raw.file, values: { ...raw.values, ...metadata.values } };
  const hook = readText(about, "hook_name") ?? readText(about, "hook_point");
  refuseOneHead(about);
  const architecture = architectureOf(raw, old);
  const transcoder = architecture.endsWith("transcoder");
  const inputWidth = readCount(raw, "d_in", { maximum: MAXIMUM_WIDTH });
  const subtractDecoderBias = readFlag(raw, "apply_b_dec_to_input", !transcoder);
  if (transcoder && subtractDecoderBias) {
    throw new PatchbayError("unsupported-model", `${raw.file} contradicts itself.`, {
      expected: '"apply_b_dec_to_input": false, as transcoders have it',
      received: "true",
    });
  }
  const reshape = readChoice(
    raw,
    "reshape_activations",
    ["none", "hook_z"],
    old && hook?.endsWith("hook_z") ? "hook_z" : "none",
  );
  return {
    file: raw.file,
    architecture,
    inputWidth,
    outputWidth: transcoder ? readCount(raw, "d_out", { maximum: MAXIMUM_WIDTH }) : inputWidth,
    features: readCount(raw, "d_sae", { maximum: MAXIMUM_FEATURES }),
    subtractDecoderBias,
    normalisation: normalisationOf(raw),
    reshapeHeads: reshape === "hook_z",
    topk: architecture === "topk" ? topkOf(raw, old) : undefined,
    hook,
    outputHook: readText(about, "hook_name_out"),
    modelName: readText(about, "model_name"),
    finetuned: readFlag(raw, "finetuning_scaling_factor", false),
    own: readSection(metadata, "patchbay"),
    notes: notesOf(about, old),
  };
}

function isBeforeSix(raw: Config, metadata: Config): boolean {
  const version = readText(metadata, "sae_lens_version") ?? readText(raw, "sae_lens_version");
  if (version === undefined) return !Object.hasOwn(raw.values, "metadata");
  return Number(/^(\d+)\./.exec(version)?.[1] ?? 0) < 6;
}

function architectureOf(raw: Config, old: boolean): SaeLensArchitecture {
  const stated = readText(raw, "architecture");
  if (stated !== undefined && TRAINING_ONLY.includes(stated)) {
    throw new PatchbayError("unsupported-model", `${raw.file} is of a dictionary in training.`, {
      expected: `one of ${ARCHITECTURES.join(", ")}`,
      received: stated,
      advice: "Save it for use with SAELens' save_inference_model, which turns it into jumprelu.",
    });
  }
  const architecture = readChoice(raw, "architecture", ARCHITECTURES, old ? "standard" : undefined);
  const activation = readText(raw, "activation_fn") ?? readText(raw, "activation_fn_str") ?? "relu";
  if (activation === "relu") return architecture;
  if (old && activation === "topk" && ["standard", "topk"].includes(architecture)) return "topk";
  throw new PatchbayError("unsupported-model", `${raw.file}: this activation function is not supported.`, {
    expected: old ? "relu or topk" : "relu",
    received: activation,
  });
}

function topkOf(raw: Config, old: boolean) {
  const kwargs = raw.values["activation_fn_kwargs"];
  const values = old && isObject(kwargs) && kwargs["k"] !== undefined ? { ...raw.values, k: kwargs["k"] } : raw.values;
  const k = readCount({ file: raw.file, values: { k: 100, ...values } }, "k", { maximum: MAXIMUM_FEATURES });
  return { k, byDecoderNorm: readFlag(raw, "rescale_acts_by_decoder_norm", false) };
}

function normalisationOf(raw: Config): SaeLensConfig["normalisation"] {
  const stated = raw.values["normalize_activations"];
  // Before version 4 it was a flag.
  if (typeof stated === "boolean") return stated ? "expected-average" : "none";
  const mode = readChoice(
    raw,
    "normalize_activations",
    ["none", "expected_average_only_in", "constant_norm_rescale", "layer_norm"],
    stated === null || stated === undefined ? "none" : undefined,
  );
  const ours = {
    none: "none",
    expected_average_only_in: "expected-average",
    constant_norm_rescale: "constant-norm",
    layer_norm: "layer-norm",
  } as const;
  return ours[mode];
}

function refuseOneHead(about: Config): void {
  const head = about.values["hook_head_index"] ?? about.values["hook_point_head_index"];
  if (head === undefined || head === null) return;
  throw new PatchbayError("unsupported-model", `${about.file} describes a dictionary of a single attention head.`, {
    expected: '"hook_head_index": null, a dictionary of all heads together',
    received: `head ${JSON.stringify(head)}`,
  });
}

function notesOf(about: Config, old: boolean): string[] {
  const notes = old ? ["The configuration is from before SAELens 6; its keys were translated."] : [];
  if (about.values["prepend_bos"] === false) notes.push("Trained on text without a beginning-of-sequence token.");
  const slice = about.values["seqpos_slice"];
  if (Array.isArray(slice) && slice.some((end) => end !== null)) {
    notes.push(`Trained on positions ${JSON.stringify(slice)} of each sequence only.`);
  }
  return notes;
}
