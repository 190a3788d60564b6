/**
 * What a model family must say about a model: its shape, and which tensor of the file plays which part. The stages (graphs)
 * are made from this alone, so a new family is one small file in `families/`.
 */
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
  /** d_mlp: neurons of a layer. */
  readonly neurons: number;
  readonly vocabulary: number;
  /** Longest sequence, in tokens. */
  readonly context: number;
  readonly norm: { readonly kind: "rms" | "layer"; readonly epsilon: number };
  readonly activation: Activation;
  /** Gated: neuron = act(gate) × up. Plain: neuron = act(up). */
  readonly gated: boolean;
  readonly positions: { readonly kind: "learned" } | { readonly kind: "rotary"; readonly rotary: RotaryDescription };
  /** Multiplies query·key; usually 1/√headWidth. */
  readonly scoreScale: number;
  /** "parallel": attention and MLP both read resid_pre, and there is no resid_mid. */
  readonly arrangement: "sequential" | "parallel";
}

export type Activation = "silu" | "relu" | "gelu" | "gelu-tanh";

/** A matrix applied as y = x W + b, wherever and however it is stored. */
export interface LinearWeight {
  readonly tensor: string;
  /** "output-input" is PyTorch's Linear; "input-output" is GPT-2's Conv1D. */
  readonly layout: "output-input" | "input-output";
  /** The range of outputs that is ours in a packed matrix (GPT-2 keeps q, k and v in one). */
  readonly outputs?: readonly [start: number, end: number];
  readonly bias?: string;
}

export interface NormWeight {
  readonly weight: string;
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
  readonly norm2: NormWeight;
  readonly mlp: { readonly gate?: LinearWeight; readonly up: LinearWeight; readonly down: LinearWeight };
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
  /** @throws PatchbayError `unsupported-model` where the configuration asks for what we cannot compute. */
  describe(config: ModelConfig, hasTensor: (name: string) => boolean): ModelArchitecture;
}
