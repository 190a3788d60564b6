/** The run of one text as observables read it: the stream before each attention and MLP, patterns, and what components add. */
import type { Engine, SiteRead } from "@patchbay/transformer";
import { ensureDefined, type SiteKind, type Tensor } from "@patchbay/vocabulary";
import { vectorAt } from "../decomposition/frozen-run.ts";

/** Values of one layer, batch of one. */
export interface RecordedLayer {
  /** [1, position, residual] */
  readonly before: Tensor;
  /** Undefined where blocks are attention only. */
  readonly beforeMlp: Tensor | undefined;
  readonly normedBeforeMlp: Tensor | undefined;
  readonly mlpOut: Tensor | undefined;
  /** [1, head, query, key] */
  readonly pattern: Tensor;
  /** [1, position, head, head_dimension] */
  readonly z: Tensor;
}

export interface RecordedText {
  readonly length: number;
  readonly layers: readonly RecordedLayer[];
  /** [1, position, residual] */
  readonly final: Tensor;
}

export async function recordText(
  engine: Engine,
  tokens: readonly number[],
  signal: AbortSignal,
): Promise<RecordedText> {
  const { shape } = engine.model;
  const parallel = shape.arrangement === "parallel";
  const kinds: readonly SiteKind[] = [
    "hook_resid_pre",
    "attn.hook_pattern",
    "attn.hook_z",
    ...(shape.neurons === 0 ? [] : (["ln2.hook_normalized", "hook_mlp_out"] as const)),
    ...(shape.neurons === 0 || parallel ? [] : (["hook_resid_mid"] as const)),
  ];
  const reads = Array.from({ length: shape.layers }, (_, layer) =>
    kinds.map((kind): SiteRead => ({ site: { kind, layer } })),
  ).flat();
  const forward = await engine.forward({ tokens: [tokens], reads, signal });
  const layers = Array.from({ length: shape.layers }, (_, layer): RecordedLayer => {
    const value = (kind: SiteKind) => {
      const place = kinds.indexOf(kind);
      return place < 0 ? undefined : forward.reads[layer * kinds.length + place];
    };
    const before = ensureDefined(value("hook_resid_pre"));
    return {
      before,
      beforeMlp: shape.neurons === 0 ? undefined : parallel ? before : value("hook_resid_mid"),
      normedBeforeMlp: value("ln2.hook_normalized"),
      mlpOut: value("hook_mlp_out"),
      pattern: ensureDefined(value("attn.hook_pattern")),
      z: ensureDefined(value("attn.hook_z")),
    };
  });
  return { length: tokens.length, layers, final: forward.residual };
}

/** Where MLPs are linearised: one position of a recorded text. */
export class ReferencePoint {
  readonly text: RecordedText;
  readonly position: number;

  constructor(text: RecordedText, position: number) {
    this.text = text;
    this.position = position;
  }

  /** The stream before a block, [residual]. */
  before(layer: number): Float32Array {
    return this.#at(this.text.layers[layer]?.before);
  }

  beforeMlp(layer: number): Float32Array {
    return this.#at(this.text.layers[layer]?.beforeMlp);
  }

  normedBeforeMlp(layer: number): Float32Array {
    return this.#at(this.text.layers[layer]?.normedBeforeMlp);
  }

  final(): Float32Array {
    return this.#at(this.text.final);
  }

  #at(value: Tensor | undefined): Float32Array {
    return rowAt(ensureDefined(value, "value of the reference prompt"), this.position);
  }
}

/** One position of [1, position, …]. */
export function rowAt({ axes, shape, data }: Tensor, position: number): Float32Array {
  return vectorAt({ axes: axes.slice(1), shape: shape.slice(1), data }, position);
}
