/** What blocks are fed besides the residual stream and their cache: masks, and where the window's positions stand. */
import { attentionMask, distanceBias, type ModelShape, rotaryTables, STAGE_VALUES } from "@patchbay/transformer";
import { float32Tensor, int64Tensor, type RuntimeTensor, toRuntime } from "./onnx-runtime.ts";
import type { Window } from "./stage-feeds.ts";

export interface AttentionFeeds {
  of(layer: number): Readonly<Record<string, RuntimeTensor>>;
  /** What all blocks take as one graph. */
  ofAll(): Readonly<Record<string, RuntimeTensor>>;
}

/** Masks and positions of one window; each is made once, however many blocks take it. */
export function attentionFeeds(shape: ModelShape, window: Window): AttentionFeeds {
  const { positions, keys } = window;
  const places = positionFeeds(shape, window);
  const masks = new Map<string, RuntimeTensor>();
  const maskOf = (layer: number) => {
    const name = shape.window?.layers.includes(layer) === true ? STAGE_VALUES.localMask : STAGE_VALUES.mask;
    const mask =
      masks.get(name) ?? float32Tensor(attentionMask(shape, layer, positions, keys), [1, 1, positions.length, keys]);
    masks.set(name, mask);
    return { [name]: mask };
  };
  return {
    of: (layer) => ({ ...maskOf(layer), ...places }),
    ofAll: () => Object.assign({}, places, ...Array.from({ length: shape.layers }, (_, layer) => maskOf(layer))),
  };
}

function positionFeeds({ positions: kind, heads }: ModelShape, window: Window): Record<string, RuntimeTensor> {
  const { positions, keys } = window;
  switch (kind.kind) {
    case "learned":
      return {};
    case "rotary": {
      const { cosines, sines } = rotaryTables(kind.rotary, positions);
      return { [STAGE_VALUES.cosines]: toRuntime(cosines), [STAGE_VALUES.sines]: toRuntime(sines) };
    }
    case "shortformer":
      return { [STAGE_VALUES.positions]: positionIndices(window) };
    case "alibi": {
      const bias = distanceBias(kind.slopes, positions, keys);
      return { [STAGE_VALUES.scoreBias]: float32Tensor(bias, [1, heads, positions.length, keys]) };
    }
  }
}

/** [batch, position]: indices into the learned position embedding. */
export function positionIndices({ batch, positions }: Window): RuntimeTensor {
  const indices = Array.from({ length: batch }, () => positions).flat();
  return int64Tensor(indices, [batch, positions.length]);
}
