/** What the graph of a block reads beside the residual stream: the mask, where the positions stand, an empty cache. */
import type { Graph } from "@patchbay/onnx-graph";
import { attentionMask, distanceBias, rotaryTables, STAGE_VALUES, type TransformerModel } from "@patchbay/transformer";
import { type Tensor, type TensorData, tensor } from "@patchbay/vocabulary";

export interface Extent {
  /** As the attention of the graph counts them. */
  readonly rows: number;
  /** From 0: whole prompts. */
  readonly positions: number;
}

/** Feeds for the inputs of a block's graph, or of a part of it, that do not depend on the run's activations. */
export function blockFeeds(
  { shape }: TransformerModel,
  layer: number,
  graph: Graph,
  { rows, positions }: Extent,
): Record<string, Tensor<TensorData>> {
  const places = Array.from({ length: positions }, (_, i) => i);
  const { positions: kind } = shape;
  const make: Record<string, () => Tensor<TensorData>> = {
    [STAGE_VALUES.mask]: mask,
    [STAGE_VALUES.localMask]: mask,
    [STAGE_VALUES.pastKeys]: emptyPast,
    [STAGE_VALUES.pastValues]: emptyPast,
    [STAGE_VALUES.positions]: () => {
      const indices = Array.from({ length: rows }, () => places).flat();
      return tensor(["batch", "position"], [rows, positions], BigInt64Array.from(indices, BigInt));
    },
    ...(kind.kind === "rotary"
      ? {
          [STAGE_VALUES.cosines]: () => rotaryTables(kind.rotary, places).cosines,
          [STAGE_VALUES.sines]: () => rotaryTables(kind.rotary, places).sines,
        }
      : {}),
    ...(kind.kind === "alibi"
      ? {
          [STAGE_VALUES.scoreBias]: () =>
            tensor(
              ["one", "head", "query", "key"],
              [1, shape.heads, positions, positions],
              distanceBias(kind.slopes, places, positions),
            ),
        }
      : {}),
  };
  return Object.fromEntries(graph.inputs.flatMap(({ name }) => (make[name] ? [[name, make[name]()]] : [])));

  function mask(): Tensor {
    const values = attentionMask(shape, layer, places, positions);
    return tensor(["one", "head", "query", "key"], [1, 1, positions, positions], values);
  }

  function emptyPast(): Tensor {
    const lengths = [0, rows, shape.keyValueHeads, shape.headWidth];
    return tensor(["time", "batch", "key_value_head", "head_dimension"], lengths, new Float32Array(0));
  }
}
