/** Feature activations of many rows, as compressed rows: only features with an activation ≠ 0 are held. */
import { DICTIONARY_VALUES } from "@patchbay/dictionary";
import { ensureDefined, type Tensor, type TensorData } from "@patchbay/vocabulary";

export interface SparseFeatures {
  readonly rows: number;
  /** Entries of row r lie at starts[r] … starts[r + 1]; length rows + 1. */
  readonly starts: Int32Array;
  readonly features: Int32Array;
  readonly values: Float32Array;
}

/** What the graphs of a dictionary hand out, as compressed rows. Entries of a row come in no particular order. */
export function sparseFromOutputs(outputs: Readonly<Record<string, Tensor<TensorData>>>, rows: number): SparseFeatures {
  const kept = outputs[DICTIONARY_VALUES.keptValues];
  return kept === undefined ? fromFiring(outputs, rows) : fromKept(kept, outputs, rows);
}

function fromKept(kept: Tensor<TensorData>, outputs: Readonly<Record<string, Tensor<TensorData>>>, rows: number) {
  const values = kept.data as Float32Array;
  const places = lowHalves(ensureDefined(outputs[DICTIONARY_VALUES.keptPlaces]).data as BigInt64Array);
  const width = rows === 0 ? 0 : values.length / rows;
  const starts = new Int32Array(rows + 1);
  const features = new Int32Array(values.length);
  const held = new Float32Array(values.length);
  let count = 0;
  for (let row = 0; row < rows; row++) {
    for (let i = row * width; i < (row + 1) * width; i++) {
      const value = values[i] ?? 0;
      if (value === 0) continue;
      features[count] = places[2 * i] ?? 0;
      held[count++] = value;
    }
    starts[row + 1] = count;
  }
  return { rows, starts, features: features.subarray(0, count), values: held.subarray(0, count) };
}

function fromFiring(outputs: Readonly<Record<string, Tensor<TensorData>>>, rows: number): SparseFeatures {
  const values = ensureDefined(outputs[DICTIONARY_VALUES.firingValues]).data as Float32Array;
  const places = lowHalves(ensureDefined(outputs[DICTIONARY_VALUES.firingPlaces]).data as BigInt64Array);
  const count = values.length;
  const starts = new Int32Array(rows + 1);
  const features = new Int32Array(count);
  for (let i = 0; i < count; i++) {
    const row = places[2 * i] ?? 0;
    starts[row + 1] = (starts[row + 1] ?? 0) + 1;
    features[i] = places[2 * (count + i)] ?? 0;
  }
  for (let row = 0; row < rows; row++) starts[row + 1] = (starts[row + 1] ?? 0) + (starts[row] ?? 0);
  return { rows, starts, features, values };
}

/** Indices are below 2^31: the low halves of their int64 values, at even places. */
function lowHalves(values: BigInt64Array): Int32Array {
  return new Int32Array(values.buffer, values.byteOffset, values.length * 2);
}

/** Rows joined in order. */
export function joinSparse(parts: readonly SparseFeatures[]): SparseFeatures {
  const [first] = parts;
  if (first !== undefined && parts.length === 1) return first;
  const rows = parts.reduce((sum, part) => sum + part.rows, 0);
  const count = parts.reduce((sum, part) => sum + part.values.length, 0);
  const joined = {
    rows,
    starts: new Int32Array(rows + 1),
    features: new Int32Array(count),
    values: new Float32Array(count),
  };
  let row = 0;
  let entry = 0;
  for (const part of parts) {
    joined.features.set(part.features, entry);
    joined.values.set(part.values, entry);
    for (let r = 1; r <= part.rows; r++) joined.starts[row + r] = entry + (part.starts[r] ?? 0);
    row += part.rows;
    entry += part.values.length;
  }
  return joined;
}
