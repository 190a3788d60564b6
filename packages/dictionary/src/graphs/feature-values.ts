/**
 * The arithmetic of a dictionary, as nodes of a graph. Shapes: x [row, input], features [row, feature] or, where the
 * activation keeps a fixed number, the kept ones [row, kept] with their places.
 * Source of each formula: the header of dictionary.ts.
 */
import type { GraphBuilder, ValueName } from "@patchbay/onnx-graph";
import { float32Value } from "@patchbay/transformer";
import { InvariantError } from "@patchbay/vocabulary";
import { DICTIONARY_TENSORS, type Dictionary, type DictionaryTensorName } from "../dictionary.ts";

/** Kept by a selection of fixed size: values [row, kept], places int64 [row, kept]. */
export interface KeptFeatures {
  readonly kind: "kept";
  readonly values: ValueName;
  readonly places: ValueName;
}

/** Every feature: [row, feature]. */
export interface DenseFeatures {
  readonly kind: "dense";
  readonly values: ValueName;
}

export interface NormalisedInput {
  readonly value: ValueName;
  /** Brings an output of the input's width back to the input's scale. */
  undo(output: ValueName): ValueName;
}

/** SAELens adds this to the standard deviation. */
const LAYER_NORM_EPSILON = 1e-5;

export function normaliseInput(g: GraphBuilder, { spec }: Dictionary, x: ValueName): NormalisedInput {
  switch (spec.inputNormalisation) {
    case "none":
      return { value: x, undo: (output) => output };
    case "constant-norm": {
      const length = g.squareRoot(g.sum(g.multiply(x, x), [-1], true));
      const factor = g.divide(g.scalar(Math.sqrt(spec.inputWidth)), length);
      return { value: g.multiply(x, factor), undo: (output) => g.divide(output, factor) };
    }
    case "layer-norm": {
      const mean = g.mean(x, [-1], true);
      const centred = g.subtract(x, mean);
      const squares = g.sum(g.multiply(centred, centred), [-1], true);
      // The sample standard deviation, as PyTorch's std takes it.
      const deviation = g.squareRoot(g.divide(squares, g.scalar(spec.inputWidth - 1)));
      const scale = g.add(deviation, g.scalar(LAYER_NORM_EPSILON));
      return {
        value: g.divide(centred, scale),
        undo: (output) => g.add(g.multiply(output, scale), mean),
      };
    }
  }
}

/** Features of normalised inputs. */
export function featureValues(g: GraphBuilder, dictionary: Dictionary, input: ValueName): KeptFeatures | DenseFeatures {
  const { spec } = dictionary;
  const weight = (name: DictionaryTensorName) => dictionaryValue(g, dictionary, name);
  const shifted = spec.subtractDecoderBias ? g.subtract(input, weight(DICTIONARY_TENSORS.decoderBias)) : input;
  const product = (bias: ValueName) =>
    g.node("Gemm", [shifted, weight(DICTIONARY_TENSORS.encoder), bias], { transB: { int: 1 } });
  const rectify = (value: ValueName) => g.node("Relu", [value]);
  const { activation } = spec;
  if (activation.kind === "gated") {
    const scores = g.node("Gemm", [shifted, weight(DICTIONARY_TENSORS.encoder)], { transB: { int: 1 } });
    const open = g.greater(g.add(scores, weight(DICTIONARY_TENSORS.gateBias)), g.scalar(0));
    const scaled = g.multiply(scores, g.exponential(weight(DICTIONARY_TENSORS.magnitudeScale)));
    const magnitude = rectify(g.add(scaled, weight(DICTIONARY_TENSORS.magnitudeBias)));
    return { kind: "dense", values: g.where(open, magnitude, g.scalar(0)) };
  }
  const before = product(weight(DICTIONARY_TENSORS.encoderBias));
  switch (activation.kind) {
    case "relu":
      return { kind: "dense", values: rectify(before) };
    case "jumprelu": {
      const fires = g.greater(before, weight(DICTIONARY_TENSORS.threshold));
      const value = activation.rectified ? rectify(before) : before;
      return { kind: "dense", values: g.where(fires, value, g.scalar(0)) };
    }
    case "topk": {
      const norms = activation.byDecoderNorm ? decoderNorms(g, dictionary) : undefined;
      const ranked = norms === undefined ? before : g.multiply(before, norms);
      const { values, indices } = g.topK(ranked, g.int64([activation.k]));
      const unscaled = norms === undefined ? values : g.divide(values, g.gather(norms, indices, 0));
      return { kind: "kept", values: activation.rectified ? rectify(unscaled) : unscaled, places: indices };
    }
    case "groupmax": {
      const width = spec.features / activation.k;
      const grouped = g.reshape(before, [-1, activation.k, width]);
      const { values, indices } = g.topK(grouped, g.int64([1]));
      const starts = g.int64(Array.from({ length: activation.k }, (_, group) => group * width));
      return {
        kind: "kept",
        values: rectify(g.squeeze(values, [2])),
        places: g.add(g.squeeze(indices, [2]), starts),
      };
    }
  }
}

/** [row, output]: Σ f·W_dec for one output site, without bias. */
export function decodedValues(
  g: GraphBuilder,
  dictionary: Dictionary,
  features: KeptFeatures | DenseFeatures,
  target = 0,
): ValueName {
  const decoder = decoderMatrix(g, dictionary, target);
  if (features.kind === "dense") return g.matrixProduct(features.values, decoder);
  // A few rows of the decoder are gathered: far less work than a product with a matrix that is nearly all zeros.
  const rows = g.gather(decoder, features.places, 0);
  return g.squeeze(g.matrixProduct(g.unsqueeze(features.values, [1]), rows), [1]);
}

/** [feature, output] of one output site. */
export function decoderMatrix(g: GraphBuilder, dictionary: Dictionary, target: number): ValueName {
  const decoder = dictionaryValue(g, dictionary, DICTIONARY_TENSORS.decoder);
  if (dictionary.describe(DICTIONARY_TENSORS.decoder).shape.length === 2) return decoder;
  return g.gather(decoder, g.index(target), 1);
}

/** [feature]: length of each decoder row. */
function decoderNorms(g: GraphBuilder, dictionary: Dictionary): ValueName {
  const decoder = decoderMatrix(g, dictionary, 0);
  return g.squareRoot(g.sum(g.multiply(decoder, decoder), [-1]));
}

/** A stored tensor as a float32 constant, by reference to its bytes on disk. */
export function dictionaryValue(g: GraphBuilder, dictionary: Dictionary, name: DictionaryTensorName): ValueName {
  if (!dictionary.has(name)) throw new InvariantError(`the dictionary ${dictionary.spec.name} has no ${name}`);
  return float32Value(
    g,
    {
      names: [name],
      has: (other) => dictionary.has(other as DictionaryTensorName),
      describe: (other) => dictionary.describe(other as DictionaryTensorName),
      read: (other) => dictionary.read(other as DictionaryTensorName),
    },
    name,
  );
}
