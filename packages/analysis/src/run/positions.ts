/** From positions as people write them (negative counts from the end) to indices. */
import type { Positions } from "@patchbay/contract";
import { PatchbayError } from "@patchbay/vocabulary";

export function resolvePosition(position: number, length: number, at: string): number {
  const resolved = position < 0 ? position + length : position;
  if (Number.isInteger(resolved) && resolved >= 0 && resolved < length) return resolved;
  throw new PatchbayError("position-out-of-range", `There is no position ${position}.`, {
    expected: `0 to ${length - 1}, or -1 to -${length}`,
    received: String(position),
    advice: `The input has ${length} tokens, special ones included.`,
    at,
  });
}

export function resolvePositions(positions: Positions, length: number, at: string): number[] {
  if (positions === "all") return Array.from({ length }, (_, i) => i);
  if (positions === "last") return [length - 1];
  return positions.map((position, i) => resolvePosition(position, length, `${at}/${i}`));
}
