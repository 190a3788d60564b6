/** What a dictionary's active features are read with: rectangles of a few positions each, filled up with zeros. */
import type { RecordedRun } from "./recorded-run.ts";
import type { ReplacementLayer } from "./replacement-model.ts";

/** Numbers of gathered decoder rows [position, active, residual] in one read. */
const GATHERED_SIZE = 2 ** 20;

/** The active features of one dictionary as rectangles, a few positions each. */
export interface PaddedReads {
  readonly source: ReplacementLayer;
  readonly blocks: readonly {
    readonly start: number;
    readonly end: number;
    /** Largest number of active features at one position. */
    readonly most: number;
    readonly places: BigInt64Array;
    readonly activations: Float32Array;
    readonly firstColumns: Int32Array;
    readonly counts: Int32Array;
  }[];
}

export function paddedReads({ features: active, positions }: RecordedRun, source: ReplacementLayer): PaddedReads {
  const cell = source.layer * positions;
  const countAt = (position: number) =>
    (active.starts[cell + position + 1] ?? 0) - (active.starts[cell + position] ?? 0);
  const blocks: PaddedReads["blocks"][number][] = [];
  const limit = GATHERED_SIZE / source.dictionary.spec.outputWidth;
  for (let start = 0; start < positions; ) {
    let most = countAt(start);
    let end = start + 1;
    while (end < positions && (end + 1 - start) * Math.max(most, countAt(end)) <= limit)
      most = Math.max(most, countAt(end++));
    const rows = end - start;
    const places = new BigInt64Array(rows * most);
    const activations = new Float32Array(rows * most);
    for (let row = 0; row < rows; row++) {
      const first = active.starts[cell + start + row] ?? 0;
      for (let i = 0; i < countAt(start + row); i++) {
        places[row * most + i] = BigInt(active.features[first + i] ?? 0);
        activations[row * most + i] = active.values[first + i] ?? 0;
      }
    }
    const firstColumns = active.starts.slice(cell + start, cell + end);
    const counts = Int32Array.from({ length: rows }, (_, row) => countAt(start + row));
    blocks.push({ start, end, most, places, activations, firstColumns, counts });
    start = end;
  }
  return { source, blocks };
}

/** What the dictionary's own input normalisation multiplies its (centred) input with, held fixed. */
export function dictionaryScale({ dictionary }: ReplacementLayer, input: Float32Array, position: number): number {
  const { inputNormalisation, inputWidth } = dictionary.spec;
  if (inputNormalisation === "none") return 1;
  const x = input.subarray(position * inputWidth, (position + 1) * inputWidth);
  const mean = inputNormalisation === "constant-norm" ? 0 : x.reduce((sum, value) => sum + value, 0) / inputWidth;
  const squares = x.reduce((sum, value) => sum + (value - mean) ** 2, 0);
  return inputNormalisation === "constant-norm"
    ? Math.sqrt(inputWidth / squares)
    : 1 / (Math.sqrt(squares / (inputWidth - 1)) + 1e-5);
}
