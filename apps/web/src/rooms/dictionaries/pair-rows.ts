/** Matched pairs as rows of a table. */
import type { Comparison } from "@patchbay/contract";

export interface PairRow {
  readonly left: number;
  /** undefined where one-to-one matching left the feature alone. */
  readonly right: number | undefined;
  readonly similarity: number;
  readonly shared: boolean;
}

export type PairSort = "similarity" | "left" | "right";

export function pairRows(
  { pairs }: Comparison,
  threshold: number,
  sort: { readonly key: string; readonly order: "ascending" | "descending" },
): PairRow[] {
  const rows = pairs.left.map((left, i) => {
    const right = pairs.right[i] ?? -1;
    const similarity = pairs.similarity[i] ?? Number.NaN;
    return { left, right: right < 0 ? undefined : right, similarity, shared: right >= 0 && similarity >= threshold };
  });
  const value = (row: PairRow) =>
    sort.key === "left" ? row.left : sort.key === "right" ? (row.right ?? Number.MAX_SAFE_INTEGER) : row.similarity;
  const sign = sort.order === "ascending" ? 1 : -1;
  return rows.sort((a, b) => sign * (value(a) - value(b)) || a.left - b.left);
}

/** The features below the threshold, with the partner that was nearest. */
export function unmatchedRows({ pairs, unmatched }: Comparison): PairRow[] {
  const partner = new Map(pairs.left.map((left, i) => [left, pairs.right[i] ?? -1]));
  return unmatched.map(({ feature, similarity }) => {
    const right = partner.get(feature) ?? -1;
    return { left: feature, right: right < 0 ? undefined : right, similarity, shared: false };
  });
}
