/** Which position of the corrupted prompt is the partner of which position of the clean one. */
import { PatchbayError } from "@patchbay/vocabulary";

/** [clean position, corrupted position], rising in both. */
export type Alignment = readonly (readonly [clean: number, corrupted: number])[];

/**
 * Position by position where the lengths are equal; else the longest common subsequence of tokens (the leftmost where there
 * are several), O(clean × corrupted).
 */
export function alignTokens(clean: readonly number[], corrupted: readonly number[]): Alignment {
  if (clean.length === corrupted.length) return clean.map((_, position) => [position, position] as const);
  const width = corrupted.length + 1;
  // common[i, j]: length of the longest common subsequence of clean[i…] and corrupted[j…].
  const common = new Int32Array((clean.length + 1) * width);
  for (let i = clean.length - 1; i >= 0; i--) {
    for (let j = corrupted.length - 1; j >= 0; j--) {
      common[i * width + j] =
        clean[i] === corrupted[j]
          ? 1 + (common[(i + 1) * width + j + 1] ?? 0)
          : Math.max(common[(i + 1) * width + j] ?? 0, common[i * width + j + 1] ?? 0);
    }
  }
  const pairs: [number, number][] = [];
  for (let i = 0, j = 0; i < clean.length && j < corrupted.length; ) {
    if (clean[i] === corrupted[j]) pairs.push([i++, j++]);
    else if ((common[(i + 1) * width + j] ?? 0) >= (common[i * width + j + 1] ?? 0)) i += 1;
    else j += 1;
  }
  if (pairs.length > 0) return pairs;
  throw new PatchbayError("values-do-not-fit", "The two prompts have no token in common.", {
    expected: "prompts of equal length, or with common tokens",
    received: `${clean.length} and ${corrupted.length} tokens`,
    advice: "Say with alignment which positions belong together.",
    at: "corrupted",
  });
}

/** @throws PatchbayError `position-out-of-range`, `values-do-not-fit` for a position named twice */
export function checkAlignment(alignment: Alignment, cleanLength: number, corruptedLength: number): void {
  const seen = [new Set<number>(), new Set<number>()];
  const lengths = [cleanLength, corruptedLength];
  alignment.forEach((pair, i) => {
    pair.forEach((position, side) => {
      const length = lengths[side] ?? 0;
      const at = `corrupted/alignment/${i}/${side}`;
      if (position >= length) {
        throw new PatchbayError("position-out-of-range", `There is no position ${position}.`, {
          expected: `0 to ${length - 1}`,
          received: String(position),
          at,
        });
      }
      if (seen[side]?.has(position) === true) {
        throw new PatchbayError("values-do-not-fit", `Position ${position} is aligned twice.`, {
          expected: "each position at most once",
          at,
        });
      }
      seen[side]?.add(position);
    });
  });
}
