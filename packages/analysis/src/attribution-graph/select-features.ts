/**
 * The feature budget, as circuit-tracer spends it: rows of the most influential features so far are computed, influence is
 * taken anew with them, and so on until the budget is spent. With a budget for all active features every row is computed.
 */
import { ensureDefined } from "@patchbay/vocabulary";
import { type AttributionRows, type RowBatch, type RowLayout, throwIfCancelled } from "./attribution-rows.ts";
import { type SparseRow, sparsify } from "./sparse-rows.ts";

/** Features whose rows are computed between two looks at influence; circuit-tracer's 4 batches of 256. */
const PER_ROUND = 1024;

export interface SelectedRows {
  readonly targetRows: readonly SparseRow[];
  /**
   * Influence of every column, summed over whole rows before anything was left out of them. Only where every active feature
   * has a row: then each row is made after those of all its readers, and its own influence is complete.
   */
  readonly influence: Float64Array | undefined;
  /** By column of the active feature. */
  readonly featureRows: Map<number, SparseRow>;
}

export interface SelectionOptions {
  readonly budget: number;
  /** See `sparsify`. */
  readonly edgeShare: number;
  readonly signal: AbortSignal;
  readonly progress: (rows: number, of: number) => void;
}

/** `direct`: rows of the targets, as they were just made. */
export async function selectFeatures(
  rows: AttributionRows,
  direct: RowBatch,
  targetWeights: readonly number[],
  { budget, edgeShare, signal, progress }: SelectionOptions,
): Promise<SelectedRows> {
  const { layout } = rows;
  const active = layout.errors;
  const most = Math.min(budget, active);
  const influence = most === active ? new Float64Array(layout.length) : undefined;
  const targetRows = sparsify(direct, layout, edgeShare);
  const featureRows = new Map<number, SparseRow>();
  if (influence !== undefined) passInfluence(direct, targetRows, layout, targetWeights, influence);
  const compute = async (columns: readonly number[]) => {
    for await (const batch of rows.ofFeatures(columns)) {
      throwIfCancelled(signal);
      const kept = sparsify(batch, layout, edgeShare);
      for (const [i, row] of kept.entries()) featureRows.set(ensureDefined(batch.targets[i]), row);
      if (influence !== undefined) {
        const amounts = batch.targets.map((column) => influence[column] ?? 0);
        passInfluence(batch, kept, layout, amounts, influence);
      }
      progress(featureRows.size, most);
    }
  };
  if (influence !== undefined) {
    await compute(Array.from({ length: active }, (_, column) => column));
    return { targetRows, featureRows, influence };
  }
  while (featureRows.size < most) {
    const partial = partialInfluence(layout, targetRows, targetWeights, featureRows);
    const waiting = Int32Array.from({ length: active }, (_, column) => column).filter(
      (column) => !featureRows.has(column),
    );
    waiting.sort((a, b) => (partial[b] ?? 0) - (partial[a] ?? 0) || a - b);
    await compute([...waiting.subarray(0, Math.min(PER_ROUND, most - featureRows.size))]);
  }
  return { targetRows, featureRows, influence };
}

/** Whole rows pass on what arrives at them, in proportion to |weight|. */
function passInfluence(
  { values, featureEnd }: RowBatch,
  kept: readonly SparseRow[],
  layout: RowLayout,
  amounts: readonly number[],
  influence: Float64Array,
): void {
  for (const [t, { inputSum }] of kept.entries()) {
    const factor = inputSum === 0 ? 0 : (amounts[t] ?? 0) / inputSum;
    if (factor === 0) continue;
    const row = values.subarray(t * layout.length, (t + 1) * layout.length);
    for (let i = 0; i < featureEnd; i++) influence[i] = (influence[i] ?? 0) + factor * Math.abs(row[i] ?? 0);
    for (let i = layout.errors; i < layout.length; i++)
      influence[i] = (influence[i] ?? 0) + factor * Math.abs(row[i] ?? 0);
  }
}

/**
 * Influence of every column on the targets, through the rows that are there: I = wN + wN² + …, N the rows divided by their
 * sums. Columns are ordered by layer and edges go downward, so one sweep from the last column to the first sums the series.
 */
export function partialInfluence(
  layout: RowLayout,
  targetRows: readonly SparseRow[],
  targetWeights: readonly number[],
  featureRows: ReadonlyMap<number, SparseRow>,
): Float64Array {
  const influence = new Float64Array(layout.length);
  const pass = ({ columns, weights, inputSum }: SparseRow, amount: number) => {
    if (inputSum === 0 || amount === 0) return;
    const factor = amount / inputSum;
    for (let i = 0; i < columns.length; i++) {
      const column = columns[i] ?? 0;
      influence[column] = (influence[column] ?? 0) + factor * Math.abs(weights[i] ?? 0);
    }
  };
  for (const [t, row] of targetRows.entries()) pass(row, targetWeights[t] ?? 0);
  for (let column = layout.errors - 1; column >= 0; column--) {
    const row = featureRows.get(column);
    if (row !== undefined) pass(row, influence[column] ?? 0);
  }
  return influence;
}
