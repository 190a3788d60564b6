/**
 * Rows of the adjacency matrix as they are kept: the largest weights, and the exact sum of all.
 *
 * Of a row, features are kept from the largest |weight| down until they, with all errors and tokens, hold a share of
 * Σ |weight|. What is left out is small, and counted: `inputSum` stays that of the whole row. Where every active feature has a
 * row, influence and scores are summed over whole rows and nothing that is left out here changes them; under a budget they
 * are those of the kept weights (`select-features.ts`, `scoring-rows.ts`).
 */
import { ensureDefined } from "@patchbay/vocabulary";
import type { RowBatch, RowLayout } from "./attribution-rows.ts";

export interface SparseRow {
  /** Rising. */
  readonly columns: Int32Array;
  readonly weights: Float32Array;
  /** Σ |weight| of the whole row. */
  readonly inputSum: number;
  /** Σ weight of the whole row. */
  readonly signedSum: number;
  /** What biases give. */
  readonly bias: number;
}

/** Bytes of a row as kept. */
export function bytesOf({ columns }: SparseRow): number {
  return 8 * columns.length;
}

/**
 * Weights fall in classes by their leading bits (exponent and three bits of the mantissa: an eighth of an octave), which
 * finds the threshold in two passes without sorting; a class is kept as a whole.
 */
const CLASS_SHIFT = 20;
const CLASSES = 2 ** (31 - CLASS_SHIFT);

/** Keeps each row of a batch, in its order. */
export function sparsify(
  { targets, values, biases, featureEnd }: RowBatch,
  layout: RowLayout,
  share: number,
): SparseRow[] {
  const bits = new Int32Array(values.buffer, values.byteOffset, values.length);
  const sums = new Float64Array(CLASSES);
  return targets.map((_, t) => {
    const first = t * layout.length;
    const row = values.subarray(first, first + layout.length);
    const rowBits = bits.subarray(first, first + layout.length);
    sums.fill(0);
    let signedSum = 0;
    let featureSum = 0;
    for (let column = 0; column < featureEnd; column++) {
      const value = row[column] ?? 0;
      const size = Math.abs(value);
      const kind = ((rowBits[column] ?? 0) & 0x7fffffff) >>> CLASS_SHIFT;
      sums[kind] = (sums[kind] ?? 0) + size;
      signedSum += value;
      featureSum += size;
    }
    let rest = 0;
    let others = 0;
    for (let column = layout.errors; column < layout.length; column++) {
      const value = row[column] ?? 0;
      if (value !== 0) others++;
      signedSum += value;
      rest += Math.abs(value);
    }
    const inputSum = featureSum + rest;
    const threshold = lowestClass(sums, share * inputSum - rest);
    let kept = others;
    for (let column = 0; column < featureEnd; column++) if (isKept(rowBits[column] ?? 0, threshold)) kept++;
    const columns = new Int32Array(kept);
    const weights = new Float32Array(kept);
    let place = 0;
    const keep = (column: number) => {
      columns[place] = column;
      weights[place++] = row[column] ?? 0;
    };
    for (let column = 0; column < featureEnd; column++) if (isKept(rowBits[column] ?? 0, threshold)) keep(column);
    for (let column = layout.errors; column < layout.length; column++) if (row[column] !== 0) keep(column);
    return { columns, weights, inputSum, signedSum, bias: ensureDefined(biases[t]) };
  });
}

function isKept(bits: number, threshold: number): boolean {
  const size = bits & 0x7fffffff;
  return size !== 0 && size >>> CLASS_SHIFT >= threshold;
}

/** The highest class down to which the sums reach `wanted`. */
function lowestClass(sums: Float64Array, wanted: number): number {
  let sum = 0;
  let kind = sums.length;
  while (kind > 0 && sum < wanted) sum += sums[--kind] ?? 0;
  return kind;
}

/** Only what leads to columns that are selected, renumbered, in the row's own arrays. `places`: −1 for one that is not. */
export function restrictRow(row: SparseRow, places: Int32Array): SparseRow {
  const { columns, weights } = row;
  let place = 0;
  for (let i = 0; i < columns.length; i++) {
    const target = places[columns[i] ?? -1] ?? -1;
    if (target < 0) continue;
    columns[place] = target;
    weights[place++] = weights[i] ?? 0;
  }
  return { ...row, columns: columns.subarray(0, place), weights: weights.subarray(0, place) };
}
