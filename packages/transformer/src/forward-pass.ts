/**
 * The forward pass as an interface: what analyses ask for, and what the runtime implements. Everything here is plain data,
 * so analyses can be tested against a fake.
 */
import type { Graph } from "@patchbay/onnx-graph";
import type { Site, Tensor, TensorData } from "@patchbay/vocabulary";
import type { TransformerModel } from "./transformer-model.ts";

/** Positions in the whole sequence. `{ from }` is that position and all after it, those yet to be generated included. */
export type PositionSelection = "all" | readonly number[] | { readonly from: number };

/**
 * One edit of one site: a ← a·scale + offset at the selected elements. Every intervention reduces to this: set (0, v),
 * add (1, v), scale (s, 0), zero (0, 0), patch (0, values). Edits of one site apply in order.
 */
export interface SiteEdit {
  readonly site: Site;
  readonly rows: "all" | readonly number[];
  readonly positions: PositionSelection;
  /** Along the site's unit axis (neuron, head, residual dimension). */
  readonly units: "all" | readonly number[];
  /** Along the site's detail axis, where it has one (a head's dimensions, a pattern's keys). */
  readonly dimensions: "all" | readonly number[];
  readonly scale: number;
  /** One number; or one per unit × dimension; or one per position × unit × dimension, row-major. The same for each row. */
  readonly offset: number | Float32Array;
}

/** A read of one site. Selection happens in the graph: nothing else travels. */
export interface SiteRead {
  readonly site: Site;
  readonly positions?: readonly number[];
  readonly units?: readonly number[];
}

/** Keys and values of positions already passed. Made by `Engine.newCache`, filled by `forward`. */
export interface KeyValueCache {
  /** Positions held so far. */
  readonly length: number;
  readonly batch: number;
  /** Gives the memory back to the budget. */
  release(): void;
}

export interface ForwardRequest {
  /** [batch][position]; rows of equal length. With a cache: the tokens that follow what it holds. */
  readonly tokens: readonly (readonly number[])[];
  readonly edits?: readonly SiteEdit[];
  readonly reads?: readonly SiteRead[];
  /** Start at this block with this residual stream ([batch, position, residual], resid_pre of the layer). */
  readonly from?: { readonly layer: number; readonly residual: Tensor };
  /** Run blocks below this layer only; 0 stops after the embedding. Default: all. */
  readonly until?: number;
  readonly cache?: KeyValueCache;
  readonly signal?: AbortSignal;
}

export interface ForwardResult {
  /** The residual stream after the last block that ran: [batch, position, residual]. */
  readonly residual: Tensor;
  /** One tensor per read, in the order asked. */
  readonly reads: readonly Tensor[];
}

export interface UnembedRequest {
  /** [batch, position, residual], final residual stream at `positions`. */
  readonly residual: Tensor;
  /** Where in the sequence each entry of the position axis stands; edits of the final norm refer to these. */
  readonly positions: readonly number[];
  readonly edits?: readonly SiteEdit[];
  readonly reads?: readonly SiteRead[];
  /** How many leading tokens; default 1. */
  readonly top?: number;
  /** Also return every logit. */
  readonly full?: boolean;
  readonly signal?: AbortSignal;
}

export interface UnembedResult {
  /** [batch, position]: log Σ exp logits, so that log probability = logit − this. */
  readonly logSumExp: Tensor;
  /** [batch, position, rank] */
  readonly topLogits: Tensor;
  readonly topTokens: Tensor<Int32Array>;
  /** [batch, position, token] */
  readonly logits?: Tensor;
  readonly reads: readonly Tensor[];
}

/** A graph of an analysis. Built once per key and model; sessions are cached like the stages'. */
export interface Program {
  readonly key: string;
  /** True for large temporaries that should not be kept from one run to the next. */
  readonly runsRarely?: boolean;
  /** True for graphs that the runtime computes wrongly with several threads: scatter-adds with repeated places. */
  readonly inOneThread?: boolean;
  build(): Graph;
}

/** One opened model that computes. */
export interface Engine {
  readonly model: TransformerModel;
  forward(request: ForwardRequest): Promise<ForwardResult>;
  unembed(request: UnembedRequest): Promise<UnembedResult>;
  /**
   * Runs an analysis graph. `Fetched` names the outputs wanted; those that `into` names are written into its tensors, which
   * must not be fed at the same time.
   */
  evaluate<Fetched extends string>(
    program: Program,
    feeds: Readonly<Record<string, Tensor<TensorData>>>,
    fetches: readonly Fetched[],
    signal?: AbortSignal,
    into?: Readonly<Record<string, Tensor<TensorData>>>,
  ): Promise<Record<Fetched, Tensor>>;
  /** `positions`: the most it will ever hold; room for them is reserved in the budget. Default: the model's context. */
  newCache(batch: number, positions?: number): KeyValueCache;
  /** Estimated bytes held by open sessions of this model. */
  loadedBytes(): number;
  /** Closes every session of this model; they open again on demand. Returns the bytes released (estimated). */
  unload(): Promise<number>;
}
