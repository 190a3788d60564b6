export interface NumberComparison {
  /** How many numbers were compared. */
  readonly count: number;
  /** Largest absolute difference; infinite where one side has a number and the other has none. */
  readonly largest: number;
}

/** Compares every number of two JSON values of the same shape. */
export function compareNumbers(one: unknown, other: unknown): NumberComparison {
  if (typeof one === "number" || typeof other === "number") {
    const both = typeof one === "number" && typeof other === "number";
    return { count: 1, largest: both ? (one === other ? 0 : Math.abs(one - other)) : Number.POSITIVE_INFINITY };
  }
  if (typeof one !== "object" || one === null || typeof other !== "object" || other === null) {
    return {
      count: 0,
      largest: one === other || (one ?? undefined) === (other ?? undefined) ? 0 : Number.POSITIVE_INFINITY,
    };
  }
  const [left, right] = [new Map(Object.entries(one)), new Map(Object.entries(other))];
  let count = 0;
  let largest = 0;
  for (const key of new Set([...left.keys(), ...right.keys()])) {
    const inner = compareNumbers(left.get(key), right.get(key));
    count += inner.count;
    largest = Math.max(largest, inner.largest);
  }
  return { count, largest };
}
