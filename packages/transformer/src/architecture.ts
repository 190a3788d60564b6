/**
 * What a model family must say about a model: its shape, and which tensor of the file plays which part. The stages (graphs)
 * are made from this alone, so a new family is one small file in `families/`.
 */
import { PatchbayError } from "@patchbay/vocabulary";
import type { RotaryDescription } from "./rotary.ts";

export interface ModelShape {
  readonly family: string;
  readonly layers: number;
  /** d_model: the width of the residual stream. */
  readonly residualWidth: number;
  readonly heads: number;
  /** Fewer than `heads` where query heads share keys and values (grouped-query attention). */
  readonly keyValueHeads: number;
  readonly headWidth: number;
  /** d_mlp: neurons of a layer; 0 where blocks are attention only. */
  readonly neurons: number;
  /** Tokens that can be put in. */
  readonly vocabulary: number;
  /** Tokens that logits are for; another number only in models of algorithmic tasks. */
  readonly outputVocabulary: number;
  /** Longest sequence, in tokens. */
  readonly context: number;
  /** "none": blocks and unembedding read the residual stream as it is, and there are no scales. */
  readonly norm: { readonly kind: "rms" | "layer" | "none"; readonly epsilon: number };
  /** "none" where there are no neurons. */
  readonly activation: Activation | "none";
  /** Gated: neuron = act(gate) × up. Plain: neuron = act(up). */
  readonly gated: boolean;
  /** A LayerNorm over the neurons, after the activation (SoLU; Elhage et al. 2022). */
  readonly neuronNorm?: boolean;
  readonly positions: PositionKind;
  /** Multiplies query·key; usually 1/√headWidth. With `scoreScaleByLayer` that of layer 0: see `scoreScaleOf`. */
  readonly scoreScale: number;
  /** Scores of layer l are divided by l + 1 on top. */
  readonly scoreScaleByLayer?: boolean;
  /** "bidirectional": every position looks at every other; such a model cannot generate. */
  readonly direction: "causal" | "bidirectional";
  /** Layers in which a query sees the last `size` positions only, its own among them. */
  readonly window?: { readonly size: number; readonly layers: readonly number[] };
  /** "parallel": attention and MLP both read resid_pre, and there is no resid_mid. */
  readonly arrangement: "sequential" | "parallel";
}

export type Activation = "silu" | "relu" | "gelu" | "gelu-tanh" | "solu";

export type PositionKind =
  | { readonly kind: "learned" }
  | { readonly kind: "rotary"; readonly rotary: RotaryDescription }
  /** Learned, and added to what queries and keys read in every block instead of to the stream (Press et al. 2021). */
  | { readonly kind: "shortformer" }
  /** Scores fall by `slopes[head]` a position of distance (Press et al. 2022). */
  | { readonly kind: "alibi"; readonly slopes: readonly number[] };

/** What multiplies query·key in a layer. */
export function scoreScaleOf({ scoreScale, scoreScaleByLayer }: ModelShape, layer: number): number {
  return scoreScaleByLayer === true ? scoreScale / (layer + 1) : scoreScale;
}

/** Keys that a query may look at, from `first` to `last`; `keys` counts those that there are. */
export function visibleKeys(
  { direction, window }: ModelShape,
  layer: number,
  query: number,
  keys: number,
): { first: number; last: number } {
  if (direction === "bidirectional") return { first: 0, last: keys - 1 };
  return { first: window?.layers.includes(layer) === true ? Math.max(0, query - window.size + 1) : 0, last: query };
}

/** A matrix applied as y = x W + b, wherever and however it is stored. */
export interface LinearWeight {
  readonly tensor: string;
  /**
   * "output-input" is PyTorch's Linear; "input-output" is GPT-2's Conv1D. TransformerLens keeps heads apart:
   * "head-input-output" is [head, input, head_dimension], whose outputs are head × head_dimension, and "head-output" is
   * [head, head_dimension, output], whose inputs are.
   */
  readonly layout: "output-input" | "input-output" | "head-input-output" | "head-output";
  /** The range of outputs that is ours in a packed matrix (GPT-2 keeps q, k and v in one). */
  readonly outputs?: readonly [start: number, end: number];
  readonly bias?: string;
}

/** Without a weight the norm only centres and scales: folded, or never there. */
export interface NormWeight {
  readonly weight?: string;
  readonly bias?: string;
}

export interface BlockWeights {
  readonly norm1: NormWeight;
  readonly attention: {
    readonly query: LinearWeight;
    readonly key: LinearWeight;
    readonly value: LinearWeight;
    readonly output: LinearWeight;
  };
  /** Absent, with the MLP, where blocks are attention only. */
  readonly norm2?: NormWeight;
  readonly mlp?: MlpWeights;
}

export interface MlpWeights {
  readonly gate?: LinearWeight;
  readonly up: LinearWeight;
  readonly down: LinearWeight;
  /** Added to act(gate) × up, where a gated MLP has a bias there. */
  readonly productBias?: string;
  /** See `ModelShape.neuronNorm`. */
  readonly neuronNorm?: NormWeight;
}

/** @throws PatchbayError `unsupported-model` where the model's blocks are attention only. */
export function mlpWeightsOf(architecture: ModelArchitecture, layer: number): MlpWeights {
  const { mlp } = architecture.block(layer);
  if (mlp !== undefined) return mlp;
  throw new PatchbayError("unsupported-model", "This model has no MLPs: its blocks are attention only.", {
    expected: "a model with neurons",
    received: `an attention-only model of ${architecture.shape.layers} layers`,
  });
}

export interface ModelArchitecture {
  readonly shape: ModelShape;
  readonly tokenEmbedding: string;
  readonly positionEmbedding?: string;
  readonly block: (layer: number) => BlockWeights;
  readonly finalNorm: NormWeight;
  readonly unembedding: LinearWeight;
}

/** `config.json`, unread. */
export type ModelConfig = Readonly<Record<string, unknown>>;

export interface ModelFamily {
  readonly name: string;
  /** Values of config.json's `architectures` that this family reads. */
  readonly architectures: readonly string[];
  /** Whether a configuration without `architectures` is this family's; default no. */
  recognises?(config: ModelConfig): boolean;
  /** @throws PatchbayError `unsupported-model` where the configuration asks for what we cannot compute. */
  describe(config: ModelConfig, hasTensor: (name: string) => boolean): ModelArchitecture;
}
