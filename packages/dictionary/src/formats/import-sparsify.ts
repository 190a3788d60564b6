/**
 * sparsify (EleutherAI): cfg.json and sae.safetensors in a folder that is named after the module, such as layers.3.mlp.
 * An autoencoder subtracts b_dec from its input, a transcoder does not. Source: sparsify (sparse_coder.py).
 */
import { basename, dirname, join } from "node:path";
import { openTensorFile } from "@patchbay/transformer";
import { PatchbayError, type SiteKind, siteName } from "@patchbay/vocabulary";
import type { DictionaryWeights, FeatureActivation } from "../dictionary.ts";
import { checkDictionary } from "./check-dictionary.ts";
import { existingFile } from "./files.ts";
import { completeSpec, type ImportOptions } from "./import-options.ts";
import { MAXIMUM_FEATURES, MAXIMUM_LAYERS, MAXIMUM_WIDTH } from "./limits.ts";
import { type Config, readChoice, readCount, readFlag, readJsonConfig, readText } from "./read-config.ts";
import { fullSiteName } from "./site-names.ts";
import { refuseOtherTensors, takeTensor } from "./tensors.ts";

export const SPARSIFY_CONFIG = "cfg.json";
export const SPARSIFY_WEIGHTS = "sae.safetensors";

/** @throws PatchbayError `unsupported-model`, `damaged-file`, `values-do-not-fit`, `not-finite`, `unknown-site` */
export async function importSparsify(
  folder: string,
  options: ImportOptions,
  member: string | null = null,
): Promise<DictionaryWeights> {
  const config = await readJsonConfig(join(folder, SPARSIFY_CONFIG));
  refuseExtras(config);
  const input = readCount(config, "d_in", { maximum: MAXIMUM_WIDTH });
  const feature = featuresOf(config, input);
  const transcode = readFlag(config, "transcode", false);
  const skip = readFlag(config, "skip_connection", false);
  const file = join(folder, SPARSIFY_WEIGHTS);
  const source = await openTensorFile(file);
  refuseOtherTensors(source, ["encoder.weight", "encoder.bias", "W_dec", "b_dec", ...(skip ? ["W_skip"] : [])], file);
  const tensors = {
    W_enc: await takeTensor(source, "encoder.weight", { feature, input }),
    b_enc: await takeTensor(source, "encoder.bias", { feature }),
    W_dec: await takeTensor(source, "W_dec", { feature, output: input }),
    b_dec: await takeTensor(source, "b_dec", { output: input }),
    ...(skip ? { W_skip: await takeTensor(source, "W_skip", { output: input, input }) } : {}),
  };
  const sites = sitesOf(folder, transcode, options);
  const spec = completeSpec(
    {
      ...sites,
      format: "sparsify",
      member,
      kind: transcode ? "transcoder" : "sae",
      model: { name: (await modelBeside(folder)) ?? null, hash: null },
      inputWidth: input,
      outputWidth: input,
      features: feature,
      activation: activationOf(config),
      inputNormalisation: "none",
      subtractDecoderBias: !transcode,
      skip,
      skipsFirstPosition: false,
    },
    folder,
    options,
  );
  return checkDictionary({ spec, tensors }, folder);
}

function featuresOf(config: Config, width: number): number {
  const stated = config.values["num_latents"];
  if (stated !== undefined && stated !== null && stated !== 0) {
    return readCount(config, "num_latents", { maximum: MAXIMUM_FEATURES });
  }
  const factor = readCount({ ...config, values: { expansion_factor: 32, ...config.values } }, "expansion_factor", {
    maximum: Math.max(1, Math.floor(MAXIMUM_FEATURES / width)),
  });
  return factor * width;
}

function activationOf(config: Config): FeatureActivation {
  const kind = readChoice(config, "activation", ["topk", "groupmax"], "topk");
  const k = readCount({ ...config, values: { k: 32, ...config.values } }, "k", { maximum: MAXIMUM_FEATURES });
  if (kind === "groupmax") return { kind, k };
  // Old files could keep negative activations.
  return { kind, k, rectified: !readFlag(config, "signed", false), byDecoderNorm: false };
}

/** Options that add something to the output which is not in the dictionary's own input. */
function refuseExtras(config: Config): void {
  const extra = ["embed_skip", "gram_lookup"].find((key) => readFlag(config, key, false));
  if (extra === undefined) return;
  throw new PatchbayError("unsupported-model", `${config.file} asks for a part that Patchbay does not compute.`, {
    expected: `"${extra}": false`,
    received: "true",
  });
}

/** Modules by the end of their path: what goes in, what comes out. */
const MODULES: readonly { readonly path: RegExp; readonly input: SiteKind; readonly output: SiteKind }[] = [
  { path: /^$/, input: "hook_resid_pre", output: "hook_resid_post" },
  { path: /^(mlp|feed_forward)$/, input: "ln2.hook_normalized", output: "hook_mlp_out" },
  { path: /^(self_attn|attn|attention|self_attention)$/, input: "ln1.hook_normalized", output: "hook_attn_out" },
  { path: /^(input_layernorm|ln_1)$/, input: "hook_resid_pre", output: "ln1.hook_normalized" },
  { path: /^(post_attention_layernorm|ln_2)$/, input: "hook_resid_mid", output: "ln2.hook_normalized" },
];

const EMBEDDINGS = /(^|\.)(embed_tokens|wte|embed_in)$/;

function sitesOf(folder: string, transcode: boolean, options: ImportOptions) {
  const found = moduleSites(basename(folder));
  const output = options.outputSite ?? (transcode ? found?.output : (options.inputSite ?? found?.output));
  const input = options.inputSite ?? (transcode ? found?.input : output);
  if (input === undefined || output === undefined) {
    throw new PatchbayError("unknown-site", `${folder} is not named after a module that Patchbay knows.`, {
      expected: "a folder named layers.3, layers.3.mlp, h.5, h.5.attn, embed_tokens",
      received: JSON.stringify(basename(folder).slice(0, 200)),
      advice: "Say the site yourself with the input and output site options.",
    });
  }
  const layer = options.layer ?? found?.layer;
  const inputSite = fullSiteName(input, layer, "The folder's name");
  const outputSite = fullSiteName(output, layer, "The folder's name");
  const note = `The module path "${basename(folder).slice(0, 200)}" was read as ${transcode ? `${inputSite} to ${outputSite}` : inputSite}.`;
  return { inputSite, outputSites: [outputSite], notes: found === undefined ? [] : [note] };
}

function moduleSites(path: string): { input: string | undefined; output: string; layer?: number } | undefined {
  if (EMBEDDINGS.test(path)) return { input: undefined, output: siteName("hook_embed") };
  const match = /(?:^|\.)(?:layers|h|blocks)\.(\d{1,4})(?:\.([\w.]+))?$/.exec(path);
  const layer = Number(match?.[1] ?? Number.NaN);
  const module = MODULES.find(({ path: pattern }) => pattern.test(match?.[2] ?? ""));
  if (match === null || module === undefined || layer >= MAXIMUM_LAYERS) return undefined;
  return { layer, input: siteName(module.input, layer), output: siteName(module.output, layer) };
}

/** The run's own configuration lies one folder up. */
async function modelBeside(folder: string): Promise<string | undefined> {
  const file = join(dirname(folder), "config.json");
  return (await existingFile(file)) ? readText(await readJsonConfig(file), "model") : undefined;
}
