/** Which position of one prompt answers to which of another: an alignment of least edits. */

/**
 * Substitutions, insertions and deletions cost 1 each; equal tokens nothing. Among alignments of equal cost the one that
 * pairs from the left; so prompts of equal length that differ in words are paired position by position.
 * @returns one entry a position of `a`: the position of `b`, or −1.
 */
export function alignTokens(a: readonly string[], b: readonly string[]): Int32Array {
  const width = b.length + 1;
  /** Cost of aligning the rest of a from i with the rest of b from j. */
  const cost = new Uint32Array((a.length + 1) * width);
  const at = (i: number, j: number): number => cost[i * width + j] ?? 0;
  for (let i = a.length; i >= 0; i -= 1) {
    for (let j = b.length; j >= 0; j -= 1) {
      if (i === a.length || j === b.length) cost[i * width + j] = a.length - i + b.length - j;
      else {
        const pair = at(i + 1, j + 1) + (a[i] === b[j] ? 0 : 1);
        cost[i * width + j] = Math.min(pair, at(i + 1, j) + 1, at(i, j + 1) + 1);
      }
    }
  }
  const aligned = new Int32Array(a.length).fill(-1);
  let [i, j] = [0, 0];
  while (i < a.length && j < b.length) {
    if (at(i, j) === at(i + 1, j + 1) + (a[i] === b[j] ? 0 : 1)) {
      aligned[i] = j;
      i += 1;
      j += 1;
    } else if (at(i, j) === at(i + 1, j) + 1) i += 1;
    else j += 1;
  }
  return aligned;
}
