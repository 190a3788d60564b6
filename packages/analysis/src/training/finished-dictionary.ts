/** From a trainee to a dictionary on the model's own scale. */
import type { DictionarySpec, DictionaryWeights, FeatureActivation } from "@patchbay/dictionary";
import { nameOf, type Tensor, tensor } from "@patchbay/vocabulary";
import type { ParameterName } from "./parameters.ts";
import type { Trainee } from "./trainee.ts";

export interface FinishedFacts {
  readonly set: string | null;
  readonly modelName: string;
  readonly modelHash: string;
  readonly licence: string | null;
  /** Texts began with BOS, which was left out: the first position is not the dictionary's business. */
  readonly skipsFirstPosition: boolean;
  readonly training: Readonly<Record<string, unknown>>;
}

/**
 * With s the input's scale and t the output's: f = activation((x/s)·W_encᵀ + b_enc)·t, y = f·W_dec + b_dec·t (+ skip·t/s).
 * The factor t goes into the features, so that a decoder row keeps its trained length and an activation counts in units of
 * the site it writes to; ranking by activation is unchanged, because t is one number.
 */
export function finishedDictionary(trainee: Trainee, facts: FinishedFacts): DictionaryWeights {
  const { recipe, scale } = trainee;
  const { input, output } = scale;
  const get = (name: ParameterName) => trainee.parameter(name).value;
  const scaled = (values: Float32Array, factor: number) => values.map((value) => value * factor);
  const matrix = (axes: readonly string[], columns: number, data: Float32Array): Tensor =>
    tensor(axes, [data.length / columns, columns], data);
  const vector = (axis: string, data: Float32Array): Tensor => tensor([axis], [data.length], data);
  const { activation, threshold } = inference(trainee);
  const spec: DictionarySpec = {
    format: 1,
    name: recipe.name,
    set: facts.set,
    kind: recipe.kind,
    description: null,
    licence: facts.licence,
    model: { name: facts.modelName, hash: facts.modelHash },
    inputSite: nameOf(recipe.inputSite),
    outputSites: [nameOf(recipe.outputSite)],
    inputWidth: recipe.inputWidth,
    outputWidth: recipe.outputWidth,
    features: recipe.features,
    activation,
    inputNormalisation: "none",
    subtractDecoderBias: recipe.kind === "sae",
    skip: recipe.skip,
    skipsFirstPosition: facts.skipsFirstPosition,
    source: { format: "patchbay", address: null, notes: [] },
    training: facts.training,
    quality: null,
  };
  return {
    spec,
    tensors: {
      W_enc: matrix(["feature", "input"], recipe.inputWidth, scaled(get("W_enc"), output / input)),
      b_enc: vector("feature", scaled(get("b_enc"), output)),
      W_dec: matrix(["feature", "output"], recipe.outputWidth, get("W_dec").slice()),
      b_dec: vector("output", scaled(get("b_dec"), output)),
      ...(recipe.skip
        ? { W_skip: matrix(["output", "input"], recipe.inputWidth, scaled(get("W_skip"), output / input)) }
        : {}),
      ...(threshold === undefined ? {} : { threshold: vector("feature", scaled(threshold, output)) }),
    },
  };
}

/** How the trained sparsity is applied to one position alone. */
function inference(trainee: Trainee): { activation: FeatureActivation; threshold?: Float32Array } {
  const { sparsity, features } = trainee.recipe;
  switch (sparsity.kind) {
    case "topk":
      return { activation: { kind: "topk", k: sparsity.k, rectified: true, byDecoderNorm: false } };
    case "relu":
      return { activation: { kind: "relu" } };
    case "jumprelu": {
      const threshold = trainee.parameter("log_threshold").value.map((value) => Math.exp(value));
      return { activation: { kind: "jumprelu", rectified: true }, threshold };
    }
    // The running mean of the smallest activation that a batch kept stands for the batch.
    case "batch-topk":
      return {
        activation: { kind: "jumprelu", rectified: true },
        threshold: new Float32Array(features).fill(trainee.threshold),
      };
  }
}
