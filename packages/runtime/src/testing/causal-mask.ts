/** Additive causal mask: row q of the window (absolute position past + q) may look at keys 0 … past + q. [query, key] */
export function causalMask(queries: number, past: number): Float32Array {
  const keys = past + queries;
  const mask = new Float32Array(queries * keys);
  for (let query = 0; query < queries; query++) {
    mask.fill(Number.NEGATIVE_INFINITY, query * keys + past + query + 1, (query + 1) * keys);
  }
  return mask;
}
