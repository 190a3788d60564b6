/** Whole graphs over a dictionary's weights. Rows are positions of any number of texts. */
import { type Graph, GraphBuilder, type ValueName } from "@patchbay/onnx-graph";
import { DICTIONARY_TENSORS, type Dictionary } from "../dictionary.ts";
import {
  type DenseFeatures,
  decodedValues,
  dictionaryValue,
  featureValues,
  type KeptFeatures,
  normaliseInput,
} from "./feature-values.ts";

/** Names of inputs and outputs. */
export const DICTIONARY_VALUES = {
  /** [row, input]: the value at the input site. */
  input: "input",
  /** [row, kept] and int64 [row, kept], where a fixed number is kept. */
  keptValues: "kept_values",
  keptPlaces: "kept_places",
  /** int64 [2, firing]: row and feature of each firing feature, row-major; and [firing] its activations. */
  firingPlaces: "firing_places",
  firingValues: "firing_values",
  /** [row, feature]; only where asked for */
  dense: "dense",
  /** [row, output]: output site `t` is `output.t`. */
  output: (target: number) => `output.${target}`,
} as const;

/** Whether activations leave the graph as a fixed number a row. */
export function keepsFixedNumber({ spec }: Dictionary): boolean {
  return spec.activation.kind === "topk" || spec.activation.kind === "groupmax";
}

/** Input → sparse features. */
export function buildEncodeGraph(dictionary: Dictionary): Graph {
  const g = new GraphBuilder(`encode ${dictionary.spec.name}`);
  const x = g.input(DICTIONARY_VALUES.input, "float32", ["row", dictionary.spec.inputWidth]);
  const { value } = normaliseInput(g, dictionary, x);
  exposeSparse(g, featureValues(g, dictionary, value));
  return g.build();
}

/** Input → sparse features and the dictionary's output at every output site. */
export function buildReconstructGraph(dictionary: Dictionary): Graph {
  const { spec } = dictionary;
  const g = new GraphBuilder(`reconstruct ${spec.name}`);
  const x = g.input(DICTIONARY_VALUES.input, "float32", ["row", spec.inputWidth]);
  const normalised = normaliseInput(g, dictionary, x);
  const features = featureValues(g, dictionary, normalised.value);
  exposeSparse(g, features);
  spec.outputSites.forEach((_, target) => {
    let output = decodedValues(g, dictionary, features, target);
    // The other layers' biases of a cross-layer transcoder belong to those layers' own dictionaries.
    if (target === 0) {
      output = g.add(output, dictionaryValue(g, dictionary, DICTIONARY_TENSORS.decoderBias));
      // A transcoder predicts another site: there is no scale to go back to.
      if (spec.kind === "sae") output = normalised.undo(output);
      if (spec.skip) output = g.add(output, skipOutput(g, dictionary, x));
    }
    g.output(output, "float32", ["row", spec.outputWidth], DICTIONARY_VALUES.output(target));
  });
  return g.build();
}

/** Input → every activation, zeros included. For small requests and tests only. */
export function buildDenseEncodeGraph(dictionary: Dictionary): Graph {
  const { spec } = dictionary;
  const g = new GraphBuilder(`encode ${spec.name} densely`);
  const x = g.input(DICTIONARY_VALUES.input, "float32", ["row", spec.inputWidth]);
  const features = featureValues(g, dictionary, normaliseInput(g, dictionary, x).value);
  g.output(densely(g, features, x, spec.features), "float32", ["row", spec.features], DICTIONARY_VALUES.dense);
  return g.build();
}

function densely(g: GraphBuilder, features: KeptFeatures | DenseFeatures, x: ValueName, count: number): ValueName {
  if (features.kind === "dense") return features.values;
  const rows = g.slice(g.node("Shape", [x]), 0, 0, 1);
  const zeros = g.node("ConstantOfShape", [g.concat([rows, g.int64([count])], 0)]);
  return g.node("ScatterElements", [zeros, features.places, features.values], { axis: { int: 1 } });
}

function skipOutput(g: GraphBuilder, dictionary: Dictionary, x: ValueName): ValueName {
  const weight = dictionaryValue(g, dictionary, DICTIONARY_TENSORS.skip);
  return g.node("Gemm", [x, weight], { transB: { int: 1 } });
}

function exposeSparse(g: GraphBuilder, features: KeptFeatures | DenseFeatures): void {
  if (features.kind === "kept") {
    g.output(features.values, "float32", ["row", "kept"], DICTIONARY_VALUES.keptValues);
    g.output(features.places, "int64", ["row", "kept"], DICTIONARY_VALUES.keptPlaces);
    return;
  }
  const places = g.node("NonZero", [features.values]);
  g.output(places, "int64", [2, "firing"], DICTIONARY_VALUES.firingPlaces);
  g.output(
    g.gatherByIndex(features.values, g.transpose(places, [1, 0])),
    "float32",
    ["firing"],
    DICTIONARY_VALUES.firingValues,
  );
}
