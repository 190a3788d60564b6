/** A circuit-tracer folder: one config.yaml for a set of transcoders, one a layer, or for a cross-layer transcoder. */
import { mkdir, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { encodeSafetensors } from "@patchbay/transformer";
import { PatchbayError, parseSite, type Tensor, type TensorData, tensor } from "@patchbay/vocabulary";
import { stringify } from "yaml";
import type { DictionaryWeights } from "../dictionary.ts";
import { checkDictionary } from "./check-dictionary.ts";
import { cannotExport, type ExportOptions } from "./export-check.ts";
import { CIRCUIT_TRACER_CONFIG, CIRCUIT_TRACER_THRESHOLD } from "./import-circuit-tracer.ts";
import { exportedHook } from "./site-names.ts";
import { transpose } from "./tensors.ts";

const TARGET = "circuit-tracer";

/**
 * Writes into a folder, which is made; files of the same names are replaced. Densities are not kept: the format has no place.
 * @param layers one dictionary a layer, from layer 0 without a gap, in any order
 * @throws PatchbayError `unsupported-model` naming what circuit-tracer has no words for
 */
export async function exportCircuitTracer(
  folder: string,
  layers: readonly DictionaryWeights[],
  options: ExportOptions = {},
): Promise<void> {
  const ordered = [...layers].sort((a, b) => layerOf(a) - layerOf(b));
  ordered.forEach((weights, layer) => {
    checkDictionary(weights, `The dictionary "${weights.spec.name}"`);
    checkExpressible(weights, layer, ordered.length, options);
  });
  const config = configOf(ordered);
  await mkdir(folder, { recursive: true });
  for (const weights of ordered) await writeLayer(folder, weights);
  // Last, since it is what makes the folder a set.
  await writeFile(join(folder, CIRCUIT_TRACER_CONFIG), stringify(config));
}

function configOf(ordered: readonly DictionaryWeights[]): Record<string, unknown> {
  const [first] = ordered;
  if (first === undefined) {
    throw new PatchbayError("empty-input", "There is nothing to export.", { expected: "a dictionary for every layer" });
  }
  const key = (weights: DictionaryWeights) => JSON.stringify(commonOf(weights));
  const odd = ordered.find((weights) => key(weights) !== key(first));
  if (odd !== undefined)
    throw cannotExport(odd.spec.name, TARGET, `layers that agree in all of ${key(first)}`, key(odd));
  const { kind, activation, model, input, output } = commonOf(first);
  return {
    model_name: model,
    model_kind: kind === "transcoder" ? "transcoder_set" : "cross_layer_transcoder",
    feature_input_hook: input,
    feature_output_hook: output,
    scan: first.spec.set ?? first.spec.name,
    ...(activation.kind === "topk" ? { activation: "topk", k: activation.k } : {}),
    ...(activation.kind === "relu" ? { activation: "relu" } : {}),
    ...(first.spec.model.hash === null ? {} : { patchbay_model_hash: first.spec.model.hash }),
  };
}

/** What one configuration says for all layers. */
function commonOf({ spec }: DictionaryWeights) {
  const { kind, activation, model, features, inputSite, outputSites } = spec;
  const input = exportedHook(parseSite(inputSite));
  const written = parseSite(outputSites[0] ?? inputSite);
  // The name that their published sets pair with mlp.hook_in.
  const output = written.kind === "hook_mlp_out" && input === "mlp.hook_in" ? "mlp.hook_out" : exportedHook(written);
  return { kind, activation, model: model.name, features, input, output };
}

function checkExpressible(
  weights: DictionaryWeights,
  layer: number,
  layers: number,
  { accept = [] }: ExportOptions,
): void {
  const { spec, tensors } = weights;
  const { activation, name } = spec;
  const refuse = (expected: string, received: string, advice?: string) =>
    cannotExport(name, TARGET, expected, received, advice);
  if (spec.kind === "sae") throw refuse("a transcoder", "an SAE");
  if (layerOf(weights) !== layer) throw refuse(`a transcoder of every layer from 0 (layer ${layer})`, spec.inputSite);
  const own = parseSite(spec.outputSites[0] ?? "").layer;
  if (own !== layer) throw refuse("an output at the input's own layer", spec.outputSites[0] ?? "none");
  if (spec.kind === "cross-layer-transcoder" && spec.outputSites.length !== layers - layer) {
    throw refuse(`outputs at layers ${layer} to ${layers - 1}`, `${spec.outputSites.length} outputs`);
  }
  if (spec.inputNormalisation !== "none") throw refuse("inputs as they are", spec.inputNormalisation);
  if (spec.subtractDecoderBias) throw refuse("an input without b_dec subtracted", "one with it");
  if (activation.kind === "gated" || activation.kind === "groupmax") {
    throw refuse("ReLU, JumpReLU or top-k", activation.kind);
  }
  if (activation.kind === "topk" && spec.kind === "cross-layer-transcoder") {
    throw refuse("ReLU or JumpReLU across layers", "top-k");
  }
  if (activation.kind === "jumprelu" && activation.rectified && tensors.threshold?.data.some((theta) => theta < 0)) {
    throw refuse("thresholds of at least 0, as circuit-tracer does not rectify", "negative thresholds");
  }
  if (activation.kind === "topk" && activation.byDecoderNorm)
    throw refuse("top-k by activation", "top-k by decoder norm");
  if (activation.kind === "topk" && activation.rectified && !accept.includes("raw-top-k")) {
    throw refuse(
      "top-k that keeps negative values",
      "one that rectifies",
      'Accept the difference "raw-top-k": the two are equal wherever at least k features are positive.',
    );
  }
  if (!spec.skipsFirstPosition && !accept.includes("first-position")) {
    throw refuse(
      "a dictionary that leaves out the first position",
      "one that encodes it",
      'Accept the difference "first-position": circuit-tracer sets the features there to zero.',
    );
  }
}

async function writeLayer(folder: string, { spec, tensors }: DictionaryWeights): Promise<void> {
  const layer = parseSite(spec.inputSite).layer ?? 0;
  const { W_enc, W_dec, b_enc, b_dec, threshold, W_skip } = tensors;
  if (spec.kind === "cross-layer-transcoder") {
    const skip = W_skip === undefined ? undefined : transpose(W_skip);
    const encoder = { W_enc, b_enc, b_dec, threshold, W_skip: skip };
    await writeTensors(join(folder, `W_enc_${layer}.safetensors`), encoder, (name) => `${name}_${layer}`);
    await writeTensors(join(folder, `W_dec_${layer}.safetensors`), { W_dec }, (name) => `${name}_${layer}`);
    return;
  }
  const { activation } = spec;
  const k = activation.kind === "topk" ? tensor([], [], BigInt64Array.of(BigInt(activation.k))) : undefined;
  const all = { W_enc, W_dec, b_enc, b_dec, [CIRCUIT_TRACER_THRESHOLD]: threshold, W_skip, k };
  await writeTensors(join(folder, `layer_${layer}.safetensors`), all, (name) => name);
}

async function writeTensors(
  file: string,
  tensors: Readonly<Record<string, Tensor<TensorData> | undefined>>,
  rename: (name: string) => string,
): Promise<void> {
  const present = Object.entries(tensors).flatMap(([name, value]): [string, Tensor<TensorData>][] =>
    value === undefined ? [] : [[rename(name), value]],
  );
  await writeFile(file, encodeSafetensors(present));
}

function layerOf({ spec }: DictionaryWeights): number {
  return parseSite(spec.inputSite).layer ?? -1;
}
