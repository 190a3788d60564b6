/**
 * Llama Scope: hyperparams.json and checkpoints/final.safetensors, JumpReLU with one threshold for all features.
 *
 * The dictionary was trained on x·s with s = √d_model / (average norm over the data set); s is folded into the weights, and
 * into the output's scale likewise. The stored threshold is in units of features divided by s, so it is multiplied by s
 * where features keep their size (as SAELens loads it). With `sparsity_include_decoder_norm` a feature is compared after
 * multiplying by its decoder norm: the threshold is divided by it instead.
 */
import { join } from "node:path";
import { openTensorFile } from "@patchbay/transformer";
import { PatchbayError, tensor } from "@patchbay/vocabulary";
import type { DictionaryWeights } from "../dictionary.ts";
import { checkDictionary } from "./check-dictionary.ts";
import { existingFile } from "./files.ts";
import { completeSpec, type ImportOptions } from "./import-options.ts";
import { MAXIMUM_FEATURES, MAXIMUM_WIDTH } from "./limits.ts";
import {
  type Config,
  readChoice,
  readCount,
  readFlag,
  readJsonConfig,
  readPositive,
  readSection,
  readText,
  wrongValue,
} from "./read-config.ts";
import { fullSiteName, requireHook } from "./site-names.ts";
import { refuseOtherTensors, rowNorms, scaled, takeTensor, transpose } from "./tensors.ts";

export const LLAMA_SCOPE_CONFIG = "hyperparams.json";
export const LLAMA_SCOPE_WEIGHTS = ["final.safetensors", join("checkpoints", "final.safetensors")] as const;

/** @throws PatchbayError `unsupported-model`, `damaged-file`, `values-do-not-fit`, `not-finite`, `unknown-site` */
export async function importLlamaScope(folder: string, options: ImportOptions): Promise<DictionaryWeights> {
  const config = await readJsonConfig(join(folder, LLAMA_SCOPE_CONFIG));
  const input = readCount(config, "d_model", { maximum: MAXIMUM_WIDTH });
  const feature = readCount(config, "d_sae", { maximum: MAXIMUM_FEATURES });
  refuseUnsupported(config);
  const inputSite = siteOf(config, "hook_point_in", options);
  const outputSite = siteOf(config, "hook_point_out", options);
  const scale = scalesOf(config, input);
  const [plain, nested] = LLAMA_SCOPE_WEIGHTS;
  const file = join(folder, (await existingFile(join(folder, plain))) ? plain : nested);
  const source = await openTensorFile(file);
  refuseOtherTensors(source, ["encoder.weight", "encoder.bias", "decoder.weight", "decoder.bias"], file);
  const decoder = transpose(await takeTensor(source, "decoder.weight", { output: input, feature }));
  const threshold = readNonNegative(config, "jump_relu_threshold") * scale.input;
  const norms = readFlag(config, "sparsity_include_decoder_norm", false) ? rowNorms(decoder) : undefined;
  const tensors = {
    W_enc: scaled(await takeTensor(source, "encoder.weight", { feature, input }), scale.input),
    W_dec: scaled(decoder, 1 / scale.output),
    b_enc: await takeTensor(source, "encoder.bias", { feature }),
    b_dec: scaled(await takeTensor(source, "decoder.bias", { output: input }), 1 / scale.output),
    threshold: tensor(
      ["feature"],
      [feature],
      Float32Array.from({ length: feature }, (_, i) => threshold / (norms?.[i] ?? 1)),
    ),
  };
  const spec = completeSpec(
    {
      format: "llama-scope",
      member: null,
      kind: inputSite === outputSite ? "sae" : "transcoder",
      model: { name: options.model ?? null, hash: null },
      inputSite,
      outputSites: [outputSite],
      inputWidth: input,
      outputWidth: input,
      features: feature,
      activation: { kind: "jumprelu", rectified: true },
      inputNormalisation: "none",
      subtractDecoderBias: false,
      skip: false,
      skipsFirstPosition: false,
      notes: [`The input scale of training, ${scale.input}, was folded into the weights and the threshold.`],
    },
    folder,
    options,
  );
  return checkDictionary({ spec, tensors }, folder);
}

function refuseUnsupported(config: Config): void {
  readChoice(config, "act_fn", ["jumprelu"]);
  readChoice(config, "norm_activation", ["dataset-wise"]);
  const extra = ["use_glu_encoder", "apply_decoder_bias_to_pre_encoder"].find((key) => readFlag(config, key, false));
  if (extra !== undefined) {
    throw new PatchbayError("unsupported-model", `${config.file} asks for a part that Patchbay does not compute.`, {
      expected: `"${extra}": false`,
      received: "true",
    });
  }
}

function siteOf(config: Config, key: "hook_point_in" | "hook_point_out", options: ImportOptions): string {
  const input = readText(config, "hook_point_in");
  const stated = key === "hook_point_in" ? options.inputSite : (options.outputSite ?? options.inputSite);
  const hook = requireHook(stated ?? readText(config, key) ?? input, config.file, "reads");
  return fullSiteName(hook, options.layer, config.file);
}

/** s = √d_model / average norm, of what goes in and of what comes out. */
function scalesOf(config: Config, width: number): { readonly input: number; readonly output: number } {
  const norms = readSection(config, "dataset_average_activation_norm");
  const input = readPositive(norms, "in");
  if (input === undefined) throw wrongValue(config, "dataset_average_activation_norm", 'an object with "in"');
  return { input: Math.sqrt(width) / input, output: Math.sqrt(width) / (readPositive(norms, "out") ?? input) };
}

function readNonNegative(config: Config, key: string): number {
  const value = config.values[key];
  if (typeof value === "number" && value >= 0 && value < 1e30) return value;
  throw wrongValue(config, key, "a number of at least 0");
}
