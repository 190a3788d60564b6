/** Which token of the clean prompt is the partner of which of the corrupted one, as people see and edit it. */

export type TokenPair = readonly [clean: number, corrupted: number];

/**
 * As the server aligns when nothing is said: position by position where the lengths are equal, else the leftmost longest
 * common subsequence. Empty where the prompts have nothing in common.
 */
export function automaticAlignment(clean: readonly number[], corrupted: readonly number[]): TokenPair[] {
  if (clean.length === corrupted.length) return clean.map((_, position) => [position, position] as const);
  const width = corrupted.length + 1;
  // common[i · width + j]: length of the longest common subsequence of clean[i…] and corrupted[j…].
  const common = new Int32Array((clean.length + 1) * width);
  const at = (i: number, j: number) => common[i * width + j] ?? 0;
  for (let i = clean.length - 1; i >= 0; i--)
    for (let j = corrupted.length - 1; j >= 0; j--)
      common[i * width + j] = clean[i] === corrupted[j] ? 1 + at(i + 1, j + 1) : Math.max(at(i + 1, j), at(i, j + 1));
  const pairs: TokenPair[] = [];
  let [i, j] = [0, 0];
  while (i < clean.length && j < corrupted.length) {
    if (clean[i] === corrupted[j]) pairs.push([i++, j++]);
    else if (at(i + 1, j) >= at(i, j + 1)) i += 1;
    else j += 1;
  }
  return pairs;
}

/** The two become partners; whatever either was linked to is let go. Linking partners again parts them. */
export function toggleLink(pairs: readonly TokenPair[], clean: number, corrupted: number): TokenPair[] {
  const rest = pairs.filter(([a, b]) => a !== clean && b !== corrupted);
  const linked = pairs.some(([a, b]) => a === clean && b === corrupted);
  return linked ? rest : [...rest, [clean, corrupted] as const].sort(([a], [b]) => a - b);
}
