/** What attention adds to its scores before the softmax: the mask, and what distance costs with ALiBi. */
import { type ModelShape, visibleKeys } from "./architecture.ts";

/** [query, key]: 0 where the query at that position may look at the key, −∞ elsewhere. */
export function attentionMask(
  shape: ModelShape,
  layer: number,
  positions: readonly number[],
  keys: number,
): Float32Array {
  const mask = new Float32Array(positions.length * keys);
  positions.forEach((position, query) => {
    const { first, last } = visibleKeys(shape, layer, position, keys);
    mask.fill(Number.NEGATIVE_INFINITY, query * keys, query * keys + first);
    mask.fill(Number.NEGATIVE_INFINITY, query * keys + last + 1, (query + 1) * keys);
  });
  return mask;
}

/** [head, query, key]: −slope × distance to a key behind the query; 0 for keys ahead, where no mask hides them. */
export function distanceBias(slopes: readonly number[], positions: readonly number[], keys: number): Float32Array {
  const bias = new Float32Array(slopes.length * positions.length * keys);
  let at = 0;
  for (const slope of slopes) {
    for (const position of positions) {
      for (let key = 0; key < keys; key++) bias[at++] = slope * Math.min(0, key - position);
    }
  }
  return bias;
}
