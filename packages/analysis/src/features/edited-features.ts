/**
 * Features as an intervention left them. A transcoder's features are read below the place where an edit of them takes effect,
 * so encoding the run again would show them as they were.
 */
import type { Dictionary } from "@patchbay/dictionary";
import type { SparseFeatures } from "../dictionaries/sparse-features.ts";
import type { FeatureEdit } from "./feature-edit.ts";
import { changesAt, selectedPositions } from "./realise-feature-edits.ts";

export interface EditedFeatures {
  readonly features: SparseFeatures;
  /** f′ − f, by row: what the edits added to each feature. */
  readonly changes: ReadonlyMap<number, readonly (readonly [feature: number, change: number])[]>;
}

/** Rows are [batch, position] of the chosen positions, in that order; `length` is that of the whole input. */
export function applyFeatureEdits(
  dictionary: Dictionary,
  features: SparseFeatures,
  edits: readonly FeatureEdit[],
  positions: readonly number[],
  length: number,
): EditedFeatures {
  const changes = new Map<number, [number, number][]>();
  // What an SAE reads is the very place it writes to: its edits are seen when the run is encoded.
  const own = dictionary.spec.kind === "sae" ? [] : edits.filter((edit) => edit.dictionary.hash === dictionary.hash);
  if (own.length === 0) return { features, changes };
  let current = features;
  for (const edit of own) {
    const touched = new Set(selectedPositions(edit, dictionary, length));
    const rows = Array.from({ length: features.rows }, (_, row) => {
      const position = positions[row % positions.length] ?? 0;
      const inRow = edit.rows === "all" || edit.rows.includes(Math.floor(row / positions.length));
      const change = inRow && touched.has(position) ? changesAt(edit, current, row) : [];
      if (change.length > 0) changes.set(row, [...(changes.get(row) ?? []), ...change]);
      return withChange(current, row, change);
    });
    current = packed(rows);
  }
  return { features: current, changes };
}

function withChange(features: SparseFeatures, row: number, change: readonly (readonly [number, number])[]) {
  const values = new Map<number, number>();
  for (let i = features.starts[row] ?? 0; i < (features.starts[row + 1] ?? 0); i++) {
    values.set(features.features[i] ?? 0, features.values[i] ?? 0);
  }
  for (const [feature, difference] of change) values.set(feature, (values.get(feature) ?? 0) + difference);
  return [...values].filter(([, value]) => value !== 0);
}

function packed(rows: readonly (readonly (readonly [number, number])[])[]): SparseFeatures {
  const starts = new Int32Array(rows.length + 1);
  rows.forEach((row, r) => {
    starts[r + 1] = (starts[r] ?? 0) + row.length;
  });
  const all = rows.flat();
  return {
    rows: rows.length,
    starts,
    features: Int32Array.from(all, ([feature]) => feature),
    values: Float32Array.from(all, ([, value]) => value),
  };
}
