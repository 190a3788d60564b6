/**
 * A dictionary's arithmetic as plain loops in float64, from the formula at the head of dictionary.ts: slow, and short
 * enough to be checked by reading. Importers and graphs are compared with it.
 */
import { ensureDefined } from "@patchbay/vocabulary";
import type { DictionaryTensorName, DictionaryWeights, InputNormalisation } from "../dictionary.ts";

type Numbers = ArrayLike<number>;

export interface ReferenceResult {
  /** [position, feature] */
  readonly features: Float64Array;
  /** One for each output site: [position, output] */
  readonly outputs: readonly Float64Array[];
}

/** @param input [position, input], position 0 first (which `skipsFirstPosition` leaves out) */
export function runReference(weights: DictionaryWeights, input: Numbers): ReferenceResult {
  const features = encodeReference(weights, input);
  return { features, outputs: decodeReference(weights, features, input) };
}

/** @returns [position, feature] */
export function encodeReference(weights: DictionaryWeights, input: Numbers): Float64Array {
  const { spec } = weights;
  const positions = input.length / spec.inputWidth;
  const features = new Float64Array(positions * spec.features);
  for (let position = spec.skipsFirstPosition ? 1 : 0; position < positions; position++) {
    features.set(encodePosition(weights, vectorAt(input, position, spec.inputWidth)), position * spec.features);
  }
  return features;
}

/**
 * What the features stand for. At a first position that is not encoded this is the decoding of zeros; splicing leaves the
 * site's own value there.
 * @param features [position, feature]
 * @param input [position, input], for the skip connection and for undoing the normalisation
 * @returns for each output site [position, output]
 */
export function decodeReference(weights: DictionaryWeights, features: Numbers, input: Numbers): Float64Array[] {
  const { spec } = weights;
  const positions = input.length / spec.inputWidth;
  return spec.outputSites.map((_, target) => {
    const output = new Float64Array(positions * spec.outputWidth);
    for (let position = 0; position < positions; position++) {
      const x = vectorAt(input, position, spec.inputWidth);
      const f = vectorAt(features, position, spec.features);
      output.set(decodePosition(weights, f, x, target), position * spec.outputWidth);
    }
    return output;
  });
}

function encodePosition(weights: DictionaryWeights, x: Float64Array): Float64Array {
  const { spec } = weights;
  const bias = spec.subtractDecoderBias ? values(weights, "b_dec") : undefined;
  const u = normalise(x, spec.inputNormalisation).values.map((value, i) => value - (bias?.[i] ?? 0));
  const { activation } = spec;
  const encoder = values(weights, "W_enc");
  const products = Float64Array.from({ length: spec.features }, (_, feature) => dot(encoder, feature, u));
  const at = (name: DictionaryTensorName) => values(weights, name);
  if (activation.kind === "gated") {
    const [gate, magnitude, scale] = [at("b_gate"), at("b_mag"), at("r_mag")];
    return products.map((product, i) => {
      const open = product + (gate[i] ?? 0) > 0;
      return open ? relu(product * Math.exp(scale[i] ?? 0) + (magnitude[i] ?? 0)) : 0;
    });
  }
  const encoderBias = at("b_enc");
  const h = products.map((product, i) => product + (encoderBias[i] ?? 0));
  switch (activation.kind) {
    case "relu":
      return h.map(relu);
    case "jumprelu": {
      const threshold = at("threshold");
      return h.map((value, i) => (value > (threshold[i] ?? 0) ? (activation.rectified ? relu(value) : value) : 0));
    }
    case "topk": {
      const norms = activation.byDecoderNorm ? decoderNorms(weights) : undefined;
      const ranked = h.map((value, i) => value * (norms?.[i] ?? 1));
      const kept = new Set(largest(ranked, activation.k));
      return h.map((value, i) => (kept.has(i) ? (activation.rectified ? relu(value) : value) : 0));
    }
    case "groupmax": {
      const run = spec.features / activation.k;
      const winners = Array.from({ length: activation.k }, (_, group) => {
        const [winner = 0] = largest(h.subarray(group * run, (group + 1) * run), 1);
        return group * run + winner;
      });
      const kept = new Set(winners);
      return h.map((value, i) => (kept.has(i) ? relu(value) : 0));
    }
  }
}

function decodePosition(weights: DictionaryWeights, f: Float64Array, x: Float64Array, target: number): Float64Array {
  const { spec } = weights;
  const decoder = values(weights, "W_dec");
  const targets = spec.outputSites.length;
  // The bias and the skip connection belong to the dictionary's own output, the first.
  const y = new Float64Array(spec.outputWidth);
  if (target === 0) y.set(Float64Array.from(values(weights, "b_dec")));
  f.forEach((value, feature) => {
    for (let o = 0; o < y.length; o++) {
      const weight = decoder[(feature * targets + target) * spec.outputWidth + o] ?? 0;
      y[o] = (y[o] ?? 0) + value * weight;
    }
  });
  const { mean, scale } = normalise(x, spec.inputNormalisation);
  const undone = spec.kind === "sae" ? y.map((value) => value * scale + mean) : y;
  if (!spec.skip || target > 0) return undone;
  const skip = values(weights, "W_skip");
  return undone.map((value, o) => value + dot(skip, o, x));
}

/** x = values·scale + mean, but for the 1e-5 that layer norm adds to its divisor and does not multiply by again. */
function normalise(x: Float64Array, how: InputNormalisation) {
  if (how === "none") return { values: x, mean: 0, scale: 1 };
  if (how === "constant-norm") {
    const scale = Math.sqrt(x.reduce((sum, value) => sum + value * value, 0) / x.length);
    return { values: x.map((value) => value / scale), mean: 0, scale };
  }
  const mean = x.reduce((sum, value) => sum + value, 0) / x.length;
  const deviation = Math.sqrt(x.reduce((sum, value) => sum + (value - mean) ** 2, 0) / (x.length - 1));
  return { values: x.map((value) => (value - mean) / (deviation + 1e-5)), mean, scale: deviation };
}

/** Indices of the k largest; of equal ones the first. */
function largest(ranked: Float64Array, k: number): number[] {
  const order = Array.from(ranked.keys());
  return order.sort((a, b) => (ranked[b] ?? 0) - (ranked[a] ?? 0) || a - b).slice(0, k);
}

/** Of each feature's whole decoder row. */
function decoderNorms(weights: DictionaryWeights): Float64Array {
  const decoder = values(weights, "W_dec");
  const width = decoder.length / weights.spec.features;
  return Float64Array.from({ length: weights.spec.features }, (_, feature) => {
    let sum = 0;
    for (let i = feature * width; i < (feature + 1) * width; i++) sum += (decoder[i] ?? 0) ** 2;
    return Math.sqrt(sum);
  });
}

/** Row of a matrix times a vector. */
function dot(matrix: Float32Array, row: number, vector: Float64Array): number {
  return vector.reduce((sum, value, i) => sum + value * (matrix[row * vector.length + i] ?? 0), 0);
}

function vectorAt(matrix: Numbers, row: number, width: number): Float64Array {
  return Float64Array.from({ length: width }, (_, i) => matrix[row * width + i] ?? 0);
}

function values({ tensors }: DictionaryWeights, name: DictionaryTensorName): Float32Array {
  return ensureDefined(tensors[name], `the tensor "${name}"`).data;
}

function relu(value: number): number {
  return Math.max(0, value);
}
