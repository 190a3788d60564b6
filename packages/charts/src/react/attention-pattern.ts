import type { ColourScale } from "../geometry/index.ts";

/** The pattern of one head: how much each query position reads each key position. Rows sum to 1; future keys are 0. */
export interface AttentionPattern {
  readonly size: number;
  /** Row-major [query, key]. */
  readonly weights: Float32Array;
}

export function weightOf({ size, weights }: AttentionPattern, query: number, key: number): number {
  return weights[query * size + key] ?? 0;
}

/** A pattern as an image of one pixel a cell, to be drawn at any size. Keys after the query stay transparent. */
export function patternImage({ size, weights }: AttentionPattern, scale: ColourScale): HTMLCanvasElement {
  const canvas = document.createElement("canvas");
  canvas.width = size;
  canvas.height = size;
  const context = canvas.getContext("2d");
  if (context === null) return canvas;
  const image = context.createImageData(size, size);
  const palette = scale.colours.map((colour) => colour.match(/\d+/g)?.map(Number) ?? [0, 0, 0]);
  for (let query = 0; query < size; query++) {
    for (let key = 0; key <= query; key++) {
      const [red = 0, green = 0, blue = 0] = palette[scale.index(weights[query * size + key] ?? 0)] ?? [];
      image.data.set([red, green, blue, 255], (query * size + key) * 4);
    }
  }
  context.putImageData(image, 0, 0);
  return canvas;
}
