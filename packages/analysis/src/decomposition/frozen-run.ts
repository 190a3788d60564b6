/**
 * One prompt's run with everything recorded that makes it linear when it is held fixed: norm scales, attention patterns, and the
 * factor between what an MLP computes linearly and its neurons' activations.
 */
import type { Engine, ModelShape, SiteRead } from "@patchbay/transformer";
import { ensureDefined, type SiteKind, type Tensor, type TensorData, tensor } from "@patchbay/vocabulary";

/** What a run recorded in one block; the batch axis is gone. */
export interface FrozenLayer {
  /** [position, residual] */
  readonly residualPre: Tensor;
  /** Undefined where blocks are attention only. */
  readonly mlpOut: Tensor | undefined;
  /** [position, head, head_dimension] */
  readonly z: Tensor;
  /** What the frozen block's graph takes beside the parts: see `FROZEN_INPUTS`. */
  readonly feeds: Readonly<Record<string, Tensor<TensorData>>>;
}

export interface FrozenRun {
  readonly tokens: readonly number[];
  readonly length: number;
  /** [position, residual]; `positions` where they are learned. */
  readonly embedding: Tensor;
  readonly positions: Tensor | undefined;
  readonly layers: readonly FrozenLayer[];
  /** [position, residual]: what the final norm reads. */
  readonly final: Tensor;
}

/** Names of a frozen block's inputs that come from the run. */
export const FROZEN_INPUTS = {
  scale1: "attention_norm_scale",
  pattern: "pattern",
  scale2: "mlp_norm_scale",
  post: "neuron_activation",
  linear: "neuron_linear",
  z: "recorded_z",
  mlpOut: "recorded_mlp_out",
} as const;

type RecordedName = keyof typeof FROZEN_INPUTS;

/** Sites recorded in every block, by the input that they feed. */
function recordedKinds({ gated, neurons, norm }: ModelShape): (readonly [RecordedName, SiteKind])[] {
  const normed = norm.kind !== "none";
  return [
    ...(normed ? ([["scale1", "ln1.hook_scale"]] as const) : []),
    ["pattern", "attn.hook_pattern"],
    ["z", "attn.hook_z"],
    ...(neurons === 0
      ? []
      : ([
          ...(normed ? ([["scale2", "ln2.hook_scale"]] as const) : []),
          ["post", "mlp.hook_post"],
          ["linear", gated ? "mlp.hook_pre_linear" : "mlp.hook_pre"],
          ["mlpOut", "hook_mlp_out"],
        ] as const)),
  ];
}

export async function recordFrozenRun(
  engine: Engine,
  tokens: readonly number[],
  signal: AbortSignal,
): Promise<FrozenRun> {
  const { shape } = engine.model;
  const kinds = recordedKinds(shape);
  const reads: SiteRead[] = [{ site: { kind: "hook_embed" } }];
  const learned = shape.positions.kind === "learned";
  if (learned) reads.push({ site: { kind: "hook_pos_embed" } });
  for (let layer = 0; layer < shape.layers; layer++) {
    reads.push({ site: { kind: "hook_resid_pre", layer } });
    for (const [, kind] of kinds) reads.push({ site: { kind, layer } });
  }
  const forward = await engine.forward({ tokens: [tokens], reads, signal });
  const queue = [...forward.reads];
  const take = () => withoutBatch(ensureDefined(queue.shift(), "recorded value"));
  const embedding = take();
  const positions = learned ? take() : undefined;
  const layers = Array.from({ length: shape.layers }, (): FrozenLayer => {
    const residualPre = take();
    const values = new Map(kinds.map(([name]) => [name, take()]));
    const feeds = Object.fromEntries([...values].map(([name, value]) => [FROZEN_INPUTS[name], value]));
    return { residualPre, z: ensureDefined(values.get("z")), mlpOut: values.get("mlpOut"), feeds };
  });
  return { tokens, length: tokens.length, embedding, positions, layers, final: withoutBatch(forward.residual) };
}

/** The values of a batch of one. */
function withoutBatch({ axes, shape, data }: Tensor): Tensor {
  return tensor(axes.slice(1), shape.slice(1), data);
}

/** One vector of a value whose first axis is the position. */
export function vectorAt({ shape, data }: Tensor, position: number): Float32Array {
  const width = data.length / (shape[0] ?? 1);
  return data.subarray(position * width, (position + 1) * width);
}

/** Σ a·b over equal lengths, in float64. */
export function dot(a: Float32Array, b: Float32Array): number {
  let sum = 0;
  for (let i = 0; i < a.length; i++) sum += (a[i] ?? 0) * (b[i] ?? 0);
  return sum;
}
