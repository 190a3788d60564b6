/** `compute.features`: what dictionaries say of a run. */
import type { FeatureQuery, FeatureResult } from "@patchbay/contract";
import { DICTIONARY_TENSORS, type Dictionary } from "@patchbay/dictionary";
import type { Engine, SiteRead } from "@patchbay/transformer";
import { ensureDefined, PatchbayError, parseSite, type Tensor, tensor } from "@patchbay/vocabulary";
import { asRows, reconstruct } from "../dictionaries/encode-features.ts";
import { tensorToJson } from "../run/tensor-json.ts";
import { applyFeatureEdits } from "./edited-features.ts";
import type { FeatureEdit } from "./feature-edit.ts";
import { featureVector } from "./realise-feature-edits.ts";

const DEFAULT_TOP = 10;

/** The input site, and the first output site where it is another. */
export function featureReads({ spec }: Dictionary, positions: readonly number[] | undefined): SiteRead[] {
  const names = [...new Set([spec.inputSite, ensureDefined(spec.outputSites[0])])];
  return names.map((name) => ({ site: parseSite(name), ...(positions === undefined ? {} : { positions }) }));
}

export interface RunContext {
  /** Those of `values`. */
  readonly positions: readonly number[];
  /** Of the whole input. */
  readonly length: number;
  /** Edits of features in force in the run. */
  readonly edits: readonly FeatureEdit[];
}

export interface FeatureAnswer {
  readonly result: FeatureResult;
  /** The result's arrays by the names of its fields. */
  readonly tensors: ReadonlyMap<string, Tensor>;
}

/** `values` are those of `featureReads`: [batch, position, …] */
export async function computeFeatures(
  engine: Engine,
  dictionary: Dictionary,
  query: FeatureQuery,
  values: readonly Tensor[],
  { positions, length, edits }: RunContext,
  signal?: AbortSignal,
): Promise<FeatureAnswer> {
  const { spec } = dictionary;
  const { top = DEFAULT_TOP, threshold = 0 } = query;
  const wrong = query.features?.find((feature) => feature >= spec.features);
  if (wrong !== undefined) {
    throw new PatchbayError("unit-out-of-range", `"${spec.name}" has no feature ${wrong}.`, {
      expected: `0 to ${spec.features - 1}`,
      received: String(wrong),
      at: "features",
    });
  }
  const [input, output = input] = values;
  const [batch = 0] = ensureDefined(input).shape;
  const count = positions.length;
  const norms = await decoderNorms(dictionary);
  const found = await reconstruct(engine, dictionary, asRows(ensureDefined(input)), signal);
  const actual = asRows(ensureDefined(output));
  const { features, changes } = applyFeatureEdits(dictionary, found.features, edits, positions, length);
  const made = ensureDefined(found.outputs[0]);
  await addChanges(made.data, dictionary, changes);
  const axes = ["batch", "position"];
  const grid = (...more: number[]) => new Float32Array([batch, count, ...more].reduce((a, b) => a * b, 1));
  const topFeatures = grid(top).fill(-1);
  const topActivations = grid(top);
  const topNorms = grid(top);
  const active = grid();
  const errorNorm = grid();
  const outputNorm = grid();
  const chosen = query.features ?? [];
  const chosenActivations = grid(chosen.length);
  for (let cell = 0; cell < batch * count; cell++) {
    const skipped = spec.skipsFirstPosition && positions[cell % count] === 0;
    const first = features.starts[cell] ?? 0;
    const last = skipped ? first : (features.starts[cell + 1] ?? 0);
    const entries = Array.from({ length: last - first }, (_, i) => first + i);
    const strength = (i: number) => Math.abs(features.values[i] ?? 0);
    entries
      .filter((i) => strength(i) > threshold)
      .sort((a, b) => strength(b) - strength(a) || (features.features[a] ?? 0) - (features.features[b] ?? 0))
      .slice(0, top)
      .forEach((i, rank) => {
        const feature = features.features[i] ?? 0;
        topFeatures[cell * top + rank] = feature;
        topActivations[cell * top + rank] = features.values[i] ?? 0;
        topNorms[cell * top + rank] = strength(i) * (norms[feature] ?? 0);
      });
    chosen.forEach((feature, c) => {
      const entry = entries.find((i) => features.features[i] === feature);
      chosenActivations[cell * chosen.length + c] = entry === undefined ? 0 : (features.values[entry] ?? 0);
    });
    active[cell] = entries.length;
    let error = 0;
    let length = 0;
    for (let i = cell * spec.outputWidth; i < (cell + 1) * spec.outputWidth; i++) {
      const value = actual.data[i] ?? 0;
      // Where nothing is encoded nothing is predicted: the whole value is error.
      error += (value - (skipped ? 0 : (made.data[i] ?? 0))) ** 2;
      length += value * value;
    }
    errorNorm[cell] = Math.sqrt(error);
    outputNorm[cell] = Math.sqrt(length);
  }
  const ranked = (data: Float32Array) => tensor([...axes, "rank"], [batch, count, top], data);
  const plain = (data: Float32Array) => tensor(axes, [batch, count], data);
  const tensors = new Map<string, Tensor>([
    ["topFeatures", ranked(topFeatures)],
    ["topActivations", ranked(topActivations)],
    ["topNorms", ranked(topNorms)],
    ["active", plain(active)],
    ["errorNorm", plain(errorNorm)],
    ["outputNorm", plain(outputNorm)],
    ...(chosen.length === 0
      ? []
      : [
          [
            "chosen/activations",
            tensor([...axes, "chosen"], [batch, count, chosen.length], chosenActivations),
          ] as const,
        ]),
  ]);
  const json = (name: string) => tensorToJson(ensureDefined(tensors.get(name)));
  return {
    tensors,
    result: {
      dictionary: spec.name,
      dictionaryHash: dictionary.hash,
      inputSite: spec.inputSite,
      outputSite: ensureDefined(spec.outputSites[0]),
      positions: [...positions],
      topFeatures: json("topFeatures"),
      topActivations: json("topActivations"),
      topNorms: json("topNorms"),
      active: json("active"),
      errorNorm: json("errorNorm"),
      outputNorm: json("outputNorm"),
      ...(chosen.length === 0 ? {} : { chosen: { features: [...chosen], activations: json("chosen/activations") } }),
    },
  };
}

/** decode(f′) − decode(f), added in place. */
async function addChanges(
  made: Float32Array,
  dictionary: Dictionary,
  changes: ReadonlyMap<number, readonly (readonly [feature: number, change: number])[]>,
): Promise<void> {
  const width = dictionary.spec.outputWidth;
  for (const [row, list] of changes) {
    for (const [feature, change] of list) {
      const vector = await featureVector(dictionary, feature, "decoder");
      for (let i = 0; i < width; i++) made[row * width + i] = (made[row * width + i] ?? 0) + change * (vector[i] ?? 0);
    }
  }
}

const normsOf = new WeakMap<Dictionary, Promise<Float32Array>>();

/** [feature]: length of the decoder vector (cross-layer: of its part for the first output site). */
export function decoderNorms(dictionary: Dictionary): Promise<Float32Array> {
  const known = normsOf.get(dictionary);
  if (known !== undefined) return known;
  const computing = dictionary.read(DICTIONARY_TENSORS.decoder).then(({ data, shape }) => {
    const stride = data.length / (shape[0] ?? 1);
    const width = shape.at(-1) ?? stride;
    return Float32Array.from({ length: shape[0] ?? 0 }, (_, feature) =>
      Math.hypot(...data.subarray(feature * stride, feature * stride + width)),
    );
  });
  computing.catch(() => normsOf.delete(dictionary));
  normsOf.set(dictionary, computing);
  return computing;
}
