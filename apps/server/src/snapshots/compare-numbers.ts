/** Compares a stored result with a recomputed one, number by number. */

export interface Difference {
  readonly at: string;
  readonly stored: unknown;
  readonly recomputed: unknown;
}

export interface Comparison {
  readonly identical: boolean;
  /** Largest |stored − recomputed|. */
  readonly largestDifference: number;
  /** Where they differ by more than the tolerance, or in anything that is no number. */
  readonly differences: readonly Difference[];
}

/**
 * Relative for values above 1, absolute below: float32 sums taken in another order (other processor, other number of threads)
 * differ in their fifth digit at most.
 */
export const TOLERANCE = 1e-4;

/** What says how long something took, and so differs each time. */
export function isTiming(key: string): boolean {
  return key === "milliseconds" || key === "seconds" || key === "timing" || key === "createdAt";
}

/** Where the numbers were made, not the numbers: told apart from them, as the environment. */
const ENVIRONMENT = new Set(["engine", "runtime", "modelHash", "hash"]);

export function compareResults(stored: unknown, recomputed: unknown): Comparison {
  const differences: Difference[] = [];
  let identical = true;
  let largestDifference = 0;

  const visit = (a: unknown, b: unknown, path: string): void => {
    if (typeof a === "number" && typeof b === "number") {
      if (Object.is(a, b)) return;
      identical = false;
      const difference = Math.abs(a - b);
      largestDifference = Math.max(largestDifference, difference);
      if (difference > TOLERANCE * Math.max(1, Math.abs(a), Math.abs(b))) {
        differences.push({ at: path, stored: a, recomputed: b });
      }
    } else if (isContainer(a) && isContainer(b) && Array.isArray(a) === Array.isArray(b)) {
      const inRecipe = path.endsWith("/recipe");
      for (const key of new Set([...Object.keys(a), ...Object.keys(b)])) {
        if (isTiming(key) || (inRecipe && ENVIRONMENT.has(key))) continue;
        visit(a[key], b[key], `${path}/${key.replaceAll("~", "~0").replaceAll("/", "~1")}`);
      }
    } else if (a !== b) {
      identical = false;
      differences.push({ at: path, stored: a ?? null, recomputed: b ?? null });
    }
  };
  visit(stored, recomputed, "");
  return { identical, largestDifference, differences };
}

function isContainer(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null;
}
