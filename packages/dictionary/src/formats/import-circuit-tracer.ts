/**
 * circuit-tracer: config.yaml with one file a layer (`transcoder_set`) or an encoder and a decoder file a layer
 * (`cross_layer_transcoder`). Its encoders are [feature, input] as ours. The library sets the features of the first
 * position to zero. Source: circuit-tracer (transcoder/*.py, utils/hf_utils.py).
 */
import { join } from "node:path";
import { openTensorFile, type TensorSource } from "@patchbay/transformer";
import { PatchbayError, type Tensor, tensor } from "@patchbay/vocabulary";
import type { DictionaryWeights, FeatureActivation } from "../dictionary.ts";
import { checkDictionary } from "./check-dictionary.ts";
import { entriesOf } from "./files.ts";
import { completeSpec, type ImportOptions } from "./import-options.ts";
import { MAXIMUM_FEATURES, MAXIMUM_LAYERS } from "./limits.ts";
import { type Config, damagedFile, readChoice, readCount, readText, readYamlConfig } from "./read-config.ts";
import { fullSiteName, NORMALISED_SITE_NOTE, requireHook } from "./site-names.ts";
import {
  filled,
  matrixShape,
  type NamedShape,
  refuseOtherTensors,
  takeCount,
  takeTensor,
  transpose,
} from "./tensors.ts";

export const CIRCUIT_TRACER_CONFIG = "config.yaml";
export const LAYER_FILE = /^layer_(\d{1,4})\.safetensors$/;
export const CROSS_LAYER_FILE = /^W_enc_(\d{1,4})\.safetensors$/;
/** The name of its threshold tensor: a parameter of a module. */
export const CIRCUIT_TRACER_THRESHOLD = "activation_function.threshold";

const FIRST_POSITION_NOTE = "Features of the first position are zero, as circuit-tracer sets them.";

/** One dictionary a layer, in order. @throws PatchbayError `unsupported-model`, `damaged-file`, `values-do-not-fit`, … */
export async function* importCircuitTracer(folder: string, options: ImportOptions): AsyncGenerator<DictionaryWeights> {
  const config = await readYamlConfig(join(folder, CIRCUIT_TRACER_CONFIG));
  const kind = readChoice(config, "model_kind", ["transcoder_set", "cross_layer_transcoder"]);
  const crossLayer = kind === "cross_layer_transcoder";
  const layers = await layersIn(folder, crossLayer ? CROSS_LAYER_FILE : LAYER_FILE, config, crossLayer);
  for (const layer of layers) {
    yield crossLayer
      ? await importCrossLayer(folder, config, layer, layers.length, options)
      : await importLayer(folder, config, layer, options);
  }
}

async function importLayer(
  folder: string,
  config: Config,
  layer: number,
  options: ImportOptions,
): Promise<DictionaryWeights> {
  const file = join(folder, `layer_${layer}.safetensors`);
  const source = await openTensorFile(file);
  refuseOtherTensors(source, ["W_enc", "W_dec", "b_enc", "b_dec", "W_skip", CIRCUIT_TRACER_THRESHOLD, "k"], file);
  const [feature, input] = matrixShape(source, "W_enc");
  const [, output] = matrixShape(source, "W_dec");
  const activation = await activationOf(config, source, source.has(CIRCUIT_TRACER_THRESHOLD));
  const skip = source.has("W_skip");
  const tensors = {
    W_enc: await takeTensor(source, "W_enc", { feature, input }),
    W_dec: await takeTensor(source, "W_dec", { feature, output }),
    b_enc: await takeTensor(source, "b_enc", { feature }),
    b_dec: await takeTensor(source, "b_dec", { output }),
    ...(activation.kind === "jumprelu"
      ? { threshold: await takeThreshold(source, CIRCUIT_TRACER_THRESHOLD, feature) }
      : {}),
    ...(skip ? { W_skip: await takeTensor(source, "W_skip", { output, input }) } : {}),
  };
  return finish(
    { folder, config, layer, options },
    { features: feature, inputWidth: input, outputWidth: output },
    {
      kind: "transcoder",
      targets: [layer],
      activation,
      skip,
      tensors,
    },
  );
}

async function importCrossLayer(
  folder: string,
  config: Config,
  layer: number,
  layers: number,
  options: ImportOptions,
): Promise<DictionaryWeights> {
  const file = join(folder, `W_enc_${layer}.safetensors`);
  const source = await openTensorFile(file);
  const decoderFile = join(folder, `W_dec_${layer}.safetensors`);
  const decoder = await openTensorFile(decoderFile);
  const named = (name: string) => `${name}_${layer}`;
  refuseOtherTensors(source, ["W_enc", "b_enc", "b_dec", "threshold", "W_skip"].map(named), file);
  refuseOtherTensors(decoder, [named("W_dec")], decoderFile);
  const [feature, input] = matrixShape(source, named("W_enc"));
  const output = source.describe(named("b_dec")).shape[0] ?? 0;
  const activation = await activationOf(config, source, source.has(named("threshold")));
  const skip = source.has(named("W_skip"));
  const take = async (name: string, shape: NamedShape) => takeTensor(source, named(name), shape);
  const tensors = {
    W_enc: await take("W_enc", { feature, input }),
    W_dec: await takeTensor(decoder, named("W_dec"), { feature, target: layers - layer, output }),
    b_enc: await take("b_enc", { feature }),
    b_dec: await take("b_dec", { output }),
    ...(activation.kind === "jumprelu" ? { threshold: await takeThreshold(source, named("threshold"), feature) } : {}),
    // Here, and only here, circuit-tracer multiplies by the matrix as it is: x·W_skip, [input, output].
    ...(skip ? { W_skip: transpose(await take("W_skip", { input, output })) } : {}),
  };
  return finish(
    { folder, config, layer, options },
    { features: feature, inputWidth: input, outputWidth: output },
    {
      kind: "cross-layer-transcoder",
      targets: Array.from({ length: layers - layer }, (_, above) => layer + above),
      activation,
      skip,
      tensors,
    },
  );
}

interface Place {
  readonly folder: string;
  readonly config: Config;
  readonly layer: number;
  readonly options: ImportOptions;
}

interface Found {
  readonly kind: "transcoder" | "cross-layer-transcoder";
  readonly targets: readonly number[];
  readonly activation: FeatureActivation;
  readonly skip: boolean;
  readonly tensors: DictionaryWeights["tensors"];
}

function finish(
  { folder, config, layer, options }: Place,
  sizes: { readonly features: number; readonly inputWidth: number; readonly outputWidth: number },
  { kind, targets, activation, skip, tensors }: Found,
): DictionaryWeights {
  const input = requireHook(options.inputSite ?? readText(config, "feature_input_hook"), config.file, "reads");
  const output = requireHook(options.outputSite ?? readText(config, "feature_output_hook"), config.file, "writes");
  const notes = /hook_normalized$/.test(input) ? [FIRST_POSITION_NOTE, NORMALISED_SITE_NOTE] : [FIRST_POSITION_NOTE];
  const spec = completeSpec(
    {
      ...sizes,
      format: "circuit-tracer",
      member: `layer-${layer}`,
      kind,
      model: { name: readText(config, "model_name") ?? null, hash: readText(config, "patchbay_model_hash") ?? null },
      inputSite: fullSiteName(input, layer, config.file),
      outputSites: targets.map((target) => fullSiteName(output, target, config.file)),
      activation,
      inputNormalisation: "none",
      subtractDecoderBias: false,
      skip,
      skipsFirstPosition: true,
      notes,
    },
    folder,
    options,
  );
  return checkDictionary({ spec, tensors }, folder);
}

/** As circuit-tracer decides: the configuration's word; without one, thresholds mean JumpReLU and nothing means ReLU. */
async function activationOf(config: Config, source: TensorSource, thresholds: boolean): Promise<FeatureActivation> {
  const stated = readText(config, "activation");
  if (stated === undefined || stated === "jumprelu" || stated === "jump_relu") {
    if (stated !== undefined && !thresholds) {
      throw damagedFile(config.file, "asks for JumpReLU", "a threshold tensor in every layer's file", "none");
    }
    return thresholds ? { kind: "jumprelu", rectified: false } : { kind: "relu" };
  }
  const activation = readChoice(config, "activation", ["relu", "topk"]);
  if (thresholds) {
    throw damagedFile(
      config.file,
      "contradicts the weights",
      'no "activation", as the weights have thresholds',
      activation,
    );
  }
  if (activation === "relu") return { kind: "relu" };
  const stored = source.has("k") ? await takeCount(source, "k") : undefined;
  const k = config.values["k"] === undefined || config.values["k"] === null ? stored : undefined;
  return {
    kind: "topk",
    k: k ?? readCount(config, "k", { maximum: MAXIMUM_FEATURES }),
    rectified: false,
    byDecoderNorm: false,
  };
}

/** One threshold a feature, or one for all; a leading axis of one is allowed, as their modules keep it. */
async function takeThreshold(source: TensorSource, name: string, feature: number): Promise<Tensor> {
  const { shape } = source.describe(name);
  if (shape.every((length) => length === 1)) {
    const one = await takeTensor(
      source,
      name,
      Object.fromEntries(shape.map((length, axis) => [`axis${axis}`, length])),
    );
    return filled("feature", feature, one.data[0] ?? 0);
  }
  if (shape.length === 1) return takeTensor(source, name, { feature });
  const stored = await takeTensor(source, name, { one: 1, feature });
  return tensor(["feature"], [feature], stored.data);
}

/** Layers from 0 without a gap, as the library itself demands. */
async function layersIn(
  folder: string,
  pattern: RegExp,
  config: Config,
  crossLayer: boolean,
): Promise<readonly number[]> {
  const numbers = (await entriesOf(folder)).flatMap(({ name }) => {
    const found = pattern.exec(name)?.[1];
    return found === undefined ? [] : [Number(found)];
  });
  const layers = numbers.sort((a, b) => a - b);
  if (layers.length === 0) {
    const listed = config.values["transcoders"];
    throw new PatchbayError("file-not-found", `${folder} has a configuration but no weights.`, {
      expected: crossLayer
        ? "W_enc_0.safetensors, W_dec_0.safetensors, …"
        : "layer_0.safetensors, layer_1.safetensors, …",
      received: Array.isArray(listed) ? "a list of addresses" : "neither",
      advice: "Download every layer's file into this folder, named layer_0.safetensors and so on.",
    });
  }
  const gap = layers.findIndex((layer, at) => layer !== at);
  // Per-layer transcoders stand on their own; a cross-layer decoder's targets are counted from the number of layers.
  if ((crossLayer && gap >= 0) || layers.length > MAXIMUM_LAYERS) {
    throw damagedFile(
      folder,
      "lacks a layer",
      "layers from 0 without a gap",
      `layers ${layers.slice(0, 20).join(", ")}`,
    );
  }
  return layers;
}
