/**
 * What a learned dictionary is, whatever file it came from: sparse autoencoders, transcoders, cross-layer transcoders.
 *
 * One dictionary reads one place of one layer. A set of transcoders, one a layer, is several dictionaries that share
 * `set`; so is a cross-layer transcoder, whose features write to their own layer and to those above.
 *
 * With x the input at a position, the arithmetic of all of them (compute order, sources: SAELens 6, circuit-tracer,
 * sparsify, Gemma Scope; see docs/decisions/0008):
 *   u = normalise(x) − [b_dec]           b_dec only where `subtractDecoderBias`
 *   h = u·W_encᵀ + b_enc
 *   f = activation(h)
 *   y = denormalise(f·W_dec + b_dec) [+ x·W_skipᵀ]
 */
import type { StoredTensor } from "@patchbay/transformer";
import type { Tensor } from "@patchbay/vocabulary";

/** An SAE reconstructs what it reads; a transcoder predicts another site; a cross-layer one predicts several. */
export type DictionaryKind = "sae" | "transcoder" | "cross-layer-transcoder";

/** From pre-activations h to feature activations f. */
export type FeatureActivation =
  | { readonly kind: "relu" }
  /** h where h > threshold (strictly), else 0. `rectified`: relu(h) instead of h, which differs for negative thresholds. */
  | { readonly kind: "jumprelu"; readonly rectified: boolean }
  /**
   * Keeps the k largest of a position. `rectified`: negative ones become 0 (SAELens, sparsify), else they are kept
   * (circuit-tracer). `byDecoderNorm`: ranked and kept by h·‖W_dec row‖, then divided by it again (SAELens).
   */
  | { readonly kind: "topk"; readonly k: number; readonly rectified: boolean; readonly byDecoderNorm: boolean }
  /** 1[u·W_encᵀ + b_gate > 0] ∘ relu(u·(W_encᵀ·diag(e^r_mag)) + b_mag) */
  | { readonly kind: "gated" }
  /** One winner in each of k equal runs of features, rectified (sparsify). */
  | { readonly kind: "groupmax"; readonly k: number };

/**
 * Undone after decoding, except in transcoders, which predict another site.
 * "constant-norm": x·√d/‖x‖. "layer-norm": (x − mean)/(sample standard deviation + 1e-5).
 */
export type InputNormalisation = "none" | "constant-norm" | "layer-norm";

export interface DictionarySpec {
  /** Version of this file's meaning. */
  readonly format: 1;
  /** Letters, digits, dots, hyphens and underscores; unique for a model. */
  readonly name: string;
  /** Dictionaries that belong together (one a layer, or seeds of one recipe) share it. */
  readonly set: string | null;
  readonly kind: DictionaryKind;
  readonly description: string | null;
  readonly licence: string | null;
  /** What the file says about the model that it was trained on; a hash that differs from the model's own is refused. */
  readonly model: { readonly name: string | null; readonly hash: string | null };
  /** Full hook names: blocks.3.ln2.hook_normalized. An SAE's only output site is its input site. */
  readonly inputSite: string;
  /** Falling nowhere: one, or the layer's own and those above in rising order. */
  readonly outputSites: readonly string[];
  readonly inputWidth: number;
  /** Of each output site. */
  readonly outputWidth: number;
  readonly features: number;
  readonly activation: FeatureActivation;
  readonly inputNormalisation: InputNormalisation;
  readonly subtractDecoderBias: boolean;
  readonly skip: boolean;
  /** The first position is not encoded (its activations are zero, its output untouched), as circuit-tracer does for BOS. */
  readonly skipsFirstPosition: boolean;
  readonly source: {
    /** sae-lens, circuit-tracer, sparsify, gemma-scope, llama-scope, patchbay */
    readonly format: string;
    /** Where it came from, as the person wrote it; null for one that was trained here. */
    readonly address: string | null;
    /** What the importer had to interpret, in sentences: "Pre-6 configuration: …". */
    readonly notes: readonly string[];
  };
  /** Recipe and outcome where it was trained by Patchbay; shown, never used for computing. */
  readonly training: Readonly<Record<string, unknown>> | null;
  /** Measured quality (see analysis/dictionary-quality), null until measured. */
  readonly quality: Readonly<Record<string, unknown>> | null;
}

/**
 * Tensors of a dictionary folder's model.safetensors, in any float type. Rows are features, so that one feature's vectors
 * are contiguous. Axes in brackets.
 */
export const DICTIONARY_TENSORS = {
  /** [feature, input] */
  encoder: "W_enc",
  /** [feature, output]; cross-layer: [feature, target, output] in the order of outputSites */
  decoder: "W_dec",
  /** [feature]; absent in gated ones */
  encoderBias: "b_enc",
  /** [output]; cross-layer: the bias of the layer's own output (the first output site) */
  decoderBias: "b_dec",
  /** [feature], jumprelu */
  threshold: "threshold",
  /** [output, input]; y gains x·W_skipᵀ (at the first output site) */
  skip: "W_skip",
  /** [feature], gated */
  gateBias: "b_gate",
  magnitudeBias: "b_mag",
  magnitudeScale: "r_mag",
  /** [feature]: share of tokens on which each fires, where the source says so */
  density: "density",
} as const;

export type DictionaryTensorName = (typeof DICTIONARY_TENSORS)[keyof typeof DICTIONARY_TENSORS];

/** A dictionary in memory: what importers make and exporters take. Float32. */
export interface DictionaryWeights {
  readonly spec: DictionarySpec;
  readonly tensors: Readonly<Partial<Record<DictionaryTensorName, Tensor>>>;
}

/** An installed dictionary: its folder is open, its numbers are still on disk. */
export interface Dictionary {
  readonly spec: DictionarySpec;
  /** sha256 over the parts of the specification that computing depends on, and the tensors' bytes. */
  readonly hash: string;
  readonly folder: string;
  /** Comes with Patchbay and cannot be removed. */
  readonly bundled: boolean;
  has(name: DictionaryTensorName): boolean;
  describe(name: DictionaryTensorName): StoredTensor;
  /** Whole, widened to float32. */
  read(name: DictionaryTensorName): Promise<Tensor>;
}
