/**
 * Which stretch of a sorted list lies inside a range of the sort's measure. The server sorts but knows no ranges, so the two
 * ends are found by halving: about log₂ of the list's length requests of one row each.
 */
import type { NeuronList, NeuronListQuery, NeuronRow } from "@patchbay/contract";

export interface Stretch {
  /** First row, inclusive; last, exclusive. */
  readonly first: number;
  readonly last: number;
}

export async function findStretch(
  load: (offset: number, limit: number) => Promise<NeuronList>,
  { sort, order }: NeuronListQuery,
  range: readonly [number, number] | undefined,
): Promise<Stretch> {
  const { total } = await load(0, 1);
  if (range === undefined || (sort !== "peakedness" && sort !== "entropy")) return { first: 0, last: total };
  const valueAt = async (index: number) => measureOf((await load(index, 1)).rows[0], sort);
  const [low, high] = range;
  const rising = order === "ascending";
  const [first, last] = await Promise.all([
    firstIndex(total, async (index) => (rising ? (await valueAt(index)) >= low : (await valueAt(index)) <= high)),
    firstIndex(total, async (index) => (rising ? (await valueAt(index)) > high : (await valueAt(index)) < low)),
  ]);
  return { first, last: Math.max(first, last) };
}

/** The first index at which a condition that turns true once holds; `count` where it never does. */
async function firstIndex(count: number, holds: (index: number) => Promise<boolean>): Promise<number> {
  let low = 0;
  let high = count;
  while (low < high) {
    const middle = (low + high) >> 1;
    if (await holds(middle)) high = middle;
    else low = middle + 1;
  }
  return low;
}

function measureOf(row: NeuronRow | undefined, sort: "peakedness" | "entropy"): number {
  return row?.[sort] ?? Number.NaN;
}
