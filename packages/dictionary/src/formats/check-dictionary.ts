/**
 * What must hold for every dictionary, whichever file it came from: the specification is sane, and it has exactly the
 * tensors that its arithmetic needs, in the shapes that the specification states.
 */
import { PatchbayError, siteName, type Tensor } from "@patchbay/vocabulary";
import {
  DICTIONARY_TENSORS,
  type DictionarySpec,
  type DictionaryTensorName,
  type DictionaryWeights,
} from "../dictionary.ts";
import { checkDictionaryName } from "./import-options.ts";
import { MAXIMUM_FEATURES, MAXIMUM_LAYERS, MAXIMUM_WIDTH } from "./limits.ts";
import { readSite } from "./site-names.ts";
import { checkElements, checkFinite, checkShape, type NamedShape } from "./tensors.ts";

const NAMES = DICTIONARY_TENSORS;

/**
 * Returns what it was given.
 * @param where the file or folder, for messages
 * @throws PatchbayError `invalid-request`, `unsupported-model`, `values-do-not-fit`, `unknown-site`, `not-finite`
 */
export function checkDictionary(weights: DictionaryWeights, where: string): DictionaryWeights {
  checkSpec(weights.spec, where);
  checkTensorShapes(weights.spec, (name) => weights.tensors[name]?.shape, where);
  for (const [name, value] of Object.entries(weights.tensors)) checkFinite(value, name, where);
  checkValues(weights, where);
  return weights;
}

/** @throws PatchbayError as `checkDictionary` */
export function checkSpec(spec: DictionarySpec, where: string): void {
  checkDictionaryName(spec.name);
  checkSize(spec.features, "features", MAXIMUM_FEATURES, where);
  checkSize(spec.inputWidth, "inputWidth", MAXIMUM_WIDTH, where);
  checkSize(spec.outputWidth, "outputWidth", MAXIMUM_WIDTH, where);
  checkSelection(spec, where);
  checkSites(spec, where);
  const same = spec.inputWidth === spec.outputWidth;
  if (spec.kind === "sae" && !same) {
    throw absurd(where, "An SAE reconstructs its input.", "equal input and output widths", widthsOf(spec));
  }
  if (spec.subtractDecoderBias && !same) {
    throw absurd(where, "The decoder's bias is subtracted from the input.", "equal widths", widthsOf(spec));
  }
  if (spec.kind === "cross-layer-transcoder" && spec.inputNormalisation !== "none") {
    throw absurd(where, "Cross-layer transcoders do not normalise.", '"none"', spec.inputNormalisation);
  }
}

/**
 * The tensors of a specification with their shapes; `density` only where it is there.
 * Axes: feature, target (of a cross-layer decoder), output, input.
 */
export function expectedTensors(spec: DictionarySpec): Readonly<Partial<Record<DictionaryTensorName, NamedShape>>> {
  const { features: feature, inputWidth: input, outputWidth: output, kind, activation, outputSites } = spec;
  const crossLayer = kind === "cross-layer-transcoder";
  const perFeature = { feature };
  const gated = activation.kind === "gated";
  return {
    [NAMES.encoder]: { feature, input },
    [NAMES.decoder]: crossLayer ? { feature, target: outputSites.length, output } : { feature, output },
    ...(gated
      ? { [NAMES.gateBias]: perFeature, [NAMES.magnitudeBias]: perFeature, [NAMES.magnitudeScale]: perFeature }
      : { [NAMES.encoderBias]: perFeature }),
    [NAMES.decoderBias]: { output },
    ...(activation.kind === "jumprelu" ? { [NAMES.threshold]: perFeature } : {}),
    ...(spec.skip ? { [NAMES.skip]: { output, input } } : {}),
  };
}

/** @throws PatchbayError `values-do-not-fit` */
export function checkTensorShapes(
  spec: DictionarySpec,
  shapeOf: (name: DictionaryTensorName) => readonly number[] | undefined,
  where: string,
): void {
  const expected = { ...expectedTensors(spec), ...optionalTensors(spec, shapeOf) };
  for (const name of Object.values(NAMES)) {
    const shape = shapeOf(name);
    const wanted = expected[name];
    if (wanted !== undefined) {
      if (shape === undefined)
        throw absurd(where, `The tensor "${name}" is missing.`, `"${name}"`, "a dictionary without");
      checkElements(
        Object.values(wanted).reduce((product, length) => product * length, 1),
        `"${name}"`,
      );
      checkShape(where, name, shape, wanted);
    } else if (shape !== undefined) {
      throw absurd(
        where,
        `The tensor "${name}" has no place here.`,
        `no "${name}"`,
        `an activation "${spec.activation.kind}"`,
      );
    }
  }
}

function optionalTensors(
  { features }: DictionarySpec,
  shapeOf: (name: DictionaryTensorName) => readonly number[] | undefined,
): Readonly<Partial<Record<DictionaryTensorName, NamedShape>>> {
  return shapeOf(NAMES.density) === undefined ? {} : { [NAMES.density]: { feature: features } };
}

function checkValues({ tensors }: DictionaryWeights, where: string): void {
  const density: Tensor | undefined = tensors[NAMES.density];
  const strange = density?.data.find((value) => value < 0 || value > 1);
  if (strange !== undefined) throw absurd(where, "Densities are shares of tokens.", "0 to 1", `${strange}`);
}

function checkSelection({ activation, features }: DictionarySpec, where: string): void {
  if (activation.kind !== "topk" && activation.kind !== "groupmax") return;
  const { k } = activation;
  if (!Number.isSafeInteger(k) || k < 1 || k > features) {
    throw absurd(
      where,
      "The dictionary keeps an impossible number of features.",
      `k from 1 to ${features}`,
      `k = ${k}`,
    );
  }
  if (activation.kind === "groupmax" && features % k !== 0) {
    throw absurd(where, "Groups of features must be equally long.", `a k that divides ${features}`, `k = ${k}`);
  }
}

/** Sites exist, are spelled in full, and belong to the kind. */
function checkSites({ kind, inputSite, outputSites }: DictionarySpec, where: string): void {
  const input = readSite(inputSite);
  const outputs = outputSites.map((name) => readSite(name));
  for (const site of [input, ...outputs]) {
    if ((site.layer ?? 0) >= MAXIMUM_LAYERS) {
      throw absurd(
        where,
        "There is no such layer.",
        `a layer below ${MAXIMUM_LAYERS}`,
        siteName(site.kind, site.layer),
      );
    }
  }
  if (
    siteName(input.kind, input.layer) !== inputSite ||
    outputs.some((s, i) => siteName(s.kind, s.layer) !== outputSites[i])
  ) {
    throw absurd(where, "Sites are given by their full names.", siteName(input.kind, input.layer), inputSite);
  }
  const [first] = outputSites;
  if (kind === "sae" && (outputSites.length !== 1 || first !== inputSite)) {
    throw absurd(where, "An SAE writes where it reads.", inputSite, outputSites.join(", "));
  }
  if (kind === "transcoder" && outputSites.length !== 1) {
    throw absurd(where, "A transcoder writes to one site.", "one output site", `${outputSites.length}`);
  }
  if (kind === "cross-layer-transcoder" && !isRisingRun(outputs)) {
    throw absurd(
      where,
      "A cross-layer transcoder writes to a run of layers.",
      "rising layers of one kind",
      outputSites.join(", "),
    );
  }
}

function isRisingRun(sites: readonly { readonly kind: string; readonly layer?: number }[]): boolean {
  const [first] = sites;
  return (
    first !== undefined && sites.every((s, i) => s.kind === first.kind && s.layer === (first.layer ?? Number.NaN) + i)
  );
}

function checkSize(value: number, what: string, maximum: number, where: string): void {
  if (Number.isSafeInteger(value) && value >= 1 && value <= maximum) return;
  throw absurd(where, `"${what}" is impossible.`, `a whole number from 1 to ${maximum}`, `${value}`);
}

function widthsOf({ inputWidth, outputWidth }: DictionarySpec): string {
  return `input ${inputWidth}, output ${outputWidth}`;
}

function absurd(where: string, fault: string, expected: string, received: string): PatchbayError {
  return new PatchbayError("values-do-not-fit", `${where} is not a usable dictionary. ${fault}`, {
    expected,
    received,
    advice: "Check that the configuration and the weights belong together.",
  });
}
