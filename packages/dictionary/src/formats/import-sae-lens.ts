/**
 * SAELens: cfg.json and sae_weights.safetensors. Its encoder is [input, feature]; ours is the transpose.
 *
 * `expected_average_only_in` scales the input by s = √d_in / mean ‖x‖ in training only; it is folded into the weights as
 * SAELens' fold_activation_norm_scaling_factor does: W_enc·s, W_dec/s, b_dec/s.
 */
import { join } from "node:path";
import { openTensorFile, type TensorSource } from "@patchbay/transformer";
import { PatchbayError, parseSite, type Tensor } from "@patchbay/vocabulary";
import type { DictionaryWeights, FeatureActivation } from "../dictionary.ts";
import { checkDictionary } from "./check-dictionary.ts";
import { existingFile } from "./files.ts";
import { completeSpec, type ImportOptions } from "./import-options.ts";
import { damagedFile, readFlag, readJsonConfig, readPositive, readText } from "./read-config.ts";
import { interpretSaeLensConfig, type SaeLensConfig } from "./sae-lens-config.ts";
import { fullSiteName, NORMALISED_SITE_NOTE, requireHook } from "./site-names.ts";
import { refuseOtherTensors, scaled, scaleRows, takeTensor, transpose } from "./tensors.ts";

export const SAE_LENS_CONFIG = "cfg.json";
export const SAE_LENS_WEIGHTS = "sae_weights.safetensors";
export const SAE_LENS_SPARSITY = "sparsity.safetensors";
const SCALER = "activation_scaler.json";

/** @throws PatchbayError `unsupported-model`, `damaged-file`, `values-do-not-fit`, `not-finite`, `unknown-site` */
export async function importSaeLens(
  folder: string,
  options: ImportOptions,
  member: string | null = null,
): Promise<DictionaryWeights> {
  const raw = await readJsonConfig(join(folder, SAE_LENS_CONFIG));
  const config = interpretSaeLensConfig(raw);
  const file = join(folder, SAE_LENS_WEIGHTS);
  const source = await openTensorFile(file);
  const transcoder = config.architecture.endsWith("transcoder");
  const factor =
    config.normalisation === "expected-average" ? await scalingFactor(folder, config, options, transcoder) : undefined;
  const notes = [...config.notes];
  if (factor !== undefined) notes.push(`The input scale of training, ${factor}, was folded into the weights.`);
  const tensors = await readTensors(source, config, file, notes);
  const density = await readDensity(folder, config.features);
  const sites = sitesOf(config, options, transcoder, notes);
  const own = config.own;
  const spec = completeSpec(
    {
      ...sites,
      format: "sae-lens",
      member,
      kind: transcoder ? "transcoder" : "sae",
      model: { name: config.modelName ?? null, hash: readText(own, "modelHash") ?? null },
      inputWidth: config.inputWidth,
      outputWidth: config.outputWidth,
      features: config.features,
      activation: activationOf(config),
      inputNormalisation: config.normalisation === "expected-average" ? "none" : config.normalisation,
      subtractDecoderBias: config.subtractDecoderBias,
      skip: config.architecture.includes("skip"),
      skipsFirstPosition: readFlag(own, "skipsFirstPosition", false),
      notes,
    },
    folder,
    options,
  );
  const folded = factor === undefined ? tensors : fold(tensors, factor);
  return checkDictionary({ spec, tensors: density === undefined ? folded : { ...folded, density } }, folder);
}

function activationOf({ architecture, topk }: SaeLensConfig): FeatureActivation {
  if (topk !== undefined) return { kind: "topk", rectified: true, ...topk };
  if (architecture === "gated") return { kind: "gated" };
  return architecture.startsWith("jumprelu") ? { kind: "jumprelu", rectified: true } : { kind: "relu" };
}

type Tensors = DictionaryWeights["tensors"];

async function readTensors(
  source: TensorSource,
  config: SaeLensConfig,
  file: string,
  notes: string[],
): Promise<Tensors> {
  const { architecture, inputWidth: input, outputWidth: output, features: feature } = config;
  const perFeature = architecture === "gated" ? (["b_gate", "b_mag", "r_mag"] as const) : (["b_enc"] as const);
  const threshold = architecture.startsWith("jumprelu") ? (["threshold"] as const) : [];
  const skip = architecture.includes("skip") ? (["W_skip"] as const) : [];
  refuseOtherTensors(source, ["W_enc", "W_dec", "b_dec", ...perFeature, ...threshold, ...skip, "scaling_factor"], file);
  const tensors: Partial<Record<keyof Tensors, Tensor>> = {
    W_enc: transpose(await takeTensor(source, "W_enc", { input, feature })),
    W_dec: await takeTensor(source, "W_dec", { feature, output }),
    b_dec: await takeTensor(source, "b_dec", { output }),
  };
  for (const name of [...perFeature, ...threshold]) tensors[name] = await takeTensor(source, name, { feature });
  for (const name of skip) tensors[name] = await takeTensor(source, name, { output, input });
  return foldFinetuning(tensors, source, config, notes);
}

/** A factor per feature that versions before 6 applied in decoding. Files carry it even where it is all ones. */
async function foldFinetuning(
  tensors: Tensors,
  source: TensorSource,
  config: SaeLensConfig,
  notes: string[],
): Promise<Tensors> {
  const name = "scaling_factor";
  if (!source.has(name) || tensors.W_dec === undefined) return tensors;
  const { data } = await takeTensor(source, name, { feature: config.features });
  if (data.every((value) => Math.abs(value - 1) < 1e-5)) return tensors;
  if (!config.finetuned) {
    throw damagedFile(
      config.file,
      `does not say whether the weights' ${name} is in use`,
      '"finetuning_scaling_factor"',
      "nothing",
    );
  }
  notes.push("The factors that were learnt after training were folded into the decoder.");
  return { ...tensors, W_dec: scaleRows(tensors.W_dec, data) };
}

/** √d_in / mean ‖x‖: from the person, beside the weights, or in the configuration. */
async function scalingFactor(
  folder: string,
  config: SaeLensConfig,
  options: ImportOptions,
  transcoder: boolean,
): Promise<number> {
  const file = join(folder, SCALER);
  const beside = (await existingFile(file)) ? readPositive(await readJsonConfig(file), "scaling_factor") : undefined;
  const stated = readPositive(await readJsonConfig(config.file), "norm_scaling_factor");
  const factor = options.normScalingFactor ?? beside ?? stated;
  if (factor !== undefined && factor > 1e-30 && factor < 1e30 && !transcoder) return factor;
  throw new PatchbayError("unsupported-model", `${config.file}: the input scale of training cannot be folded in.`, {
    expected: transcoder
      ? "a transcoder whose scales are folded already"
      : `the factor √d_in / mean ‖x‖ in ${SCALER}, or as "norm_scaling_factor"`,
    received: '"normalize_activations": "expected_average_only_in" without it',
    advice: "Give the norm_scaling_factor of SAELens' registry, or fold it with SAELens and save again.",
  });
}

function fold(tensors: Tensors, factor: number): Tensors {
  const times = (name: "W_enc" | "W_dec" | "b_dec", by: number) => {
    const found = tensors[name];
    return found === undefined ? {} : { [name]: scaled(found, by) };
  };
  return { ...tensors, ...times("W_enc", factor), ...times("W_dec", 1 / factor), ...times("b_dec", 1 / factor) };
}

/** sparsity.safetensors holds log₁₀ of each feature's firing rate (with 1e-10 added), as a share. */
async function readDensity(folder: string, feature: number): Promise<Tensor | undefined> {
  const file = join(folder, SAE_LENS_SPARSITY);
  if (!(await existingFile(file))) return undefined;
  const logarithms = await takeTensor(await openTensorFile(file), "sparsity", { feature });
  return { ...logarithms, data: logarithms.data.map((value) => (value <= -9.99 ? 0 : Math.min(1, 10 ** value))) };
}

function sitesOf(config: SaeLensConfig, options: ImportOptions, transcoder: boolean, notes: string[]) {
  const where = (given: string | undefined) => (given === undefined ? config.file : "The option");
  const hook = requireHook(options.inputSite ?? config.hook, config.file, "reads");
  const inputSite = fullSiteName(hook, options.layer, where(options.inputSite));
  const out = transcoder ? requireHook(options.outputSite ?? config.outputHook, config.file, "writes") : undefined;
  const outputSite = out === undefined ? inputSite : fullSiteName(out, options.layer, where(options.outputSite));
  const { kind } = parseSite(inputSite);
  if (/hook_normalized$/.test(hook)) notes.push(NORMALISED_SITE_NOTE);
  if (config.reshapeHeads && kind !== "attn.hook_z") {
    throw damagedFile(config.file, "reshapes heads at a site without heads", "attn.hook_z", hook);
  }
  if (kind === "attn.hook_z") notes.push("Reads all heads side by side, heads × head width.");
  return { inputSite, outputSites: [outputSite] };
}
