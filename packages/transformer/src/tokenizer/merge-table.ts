/** Byte-pair encoding: joins the neighbouring pair of the best rank, leftmost first, until none is left. */

export interface MergeTable {
  /** By `left * vocabularySize + right`: index into the arrays below. */
  readonly indices: ReadonlyMap<number, number>;
  readonly ranks: Int32Array;
  readonly merged: Int32Array;
  readonly vocabularySize: number;
}

export interface Merge {
  readonly left: number;
  readonly right: number;
  readonly merged: number;
}

/**
 * Merges in the order of their priority. Those that stand together and make the same piece share a rank, because in
 * SentencePiece a piece has one score however it arises, and the leftmost of equals goes first.
 */
export function buildMergeTable(merges: readonly Merge[], vocabularySize: number): MergeTable {
  const indices = new Map<number, number>();
  const ranks = new Int32Array(merges.length);
  const merged = new Int32Array(merges.length);
  merges.forEach(({ left, right, merged: piece }, index) => {
    const key = left * vocabularySize + right;
    if (!indices.has(key)) indices.set(key, index);
    merged[index] = piece;
    ranks[index] = index > 0 && merged[index - 1] === piece ? (ranks[index - 1] ?? 0) : index;
  });
  return { indices, ranks, merged, vocabularySize };
}

/** One piece of the result: its id and the symbols `first` … `last` (inclusive) that it is made of. */
export interface MergedSpan {
  readonly id: number;
  readonly first: number;
  readonly last: number;
}

/** Cost: n log n for n symbols. */
export function mergeSymbols(symbols: readonly number[], table: MergeTable): MergedSpan[] {
  const ids = Int32Array.from(symbols);
  const count = ids.length;
  const next = Int32Array.from({ length: count }, (_, i) => i + 1);
  const previous = Int32Array.from({ length: count }, (_, i) => i - 1);
  const alive = new Uint8Array(count).fill(1);
  const queue: number[] = [];

  const mergeAt = (position: number): number | undefined => {
    const right = next[position] ?? count;
    if (right >= count) return undefined;
    return table.indices.get((ids[position] ?? 0) * table.vocabularySize + (ids[right] ?? 0));
  };
  const enqueue = (position: number) => {
    const index = position < 0 ? undefined : mergeAt(position);
    if (index !== undefined) push(queue, (table.ranks[index] ?? 0) * POSITIONS + position);
  };

  for (let position = 0; position + 1 < count; position++) enqueue(position);
  for (let entry = pop(queue); entry !== undefined; entry = pop(queue)) {
    const position = entry % POSITIONS;
    const index = alive[position] === 1 ? mergeAt(position) : undefined;
    // An entry is stale where the pair has changed since.
    if (index === undefined || table.ranks[index] !== Math.floor(entry / POSITIONS)) continue;
    const gone = next[position] ?? count;
    const after = next[gone] ?? count;
    ids[position] = table.merged[index] ?? 0;
    alive[gone] = 0;
    next[position] = after;
    if (after < count) previous[after] = position;
    enqueue(previous[position] ?? -1);
    enqueue(position);
  }

  const spans: MergedSpan[] = [];
  for (let position = 0; position < count; position = next[position] ?? count) {
    spans.push({ id: ids[position] ?? 0, first: position, last: (next[position] ?? count) - 1 });
  }
  return spans;
}

/** Rank and position share one number, so that the queue holds plain numbers; ranks stay below 2²². */
const POSITIONS = 2 ** 31;

function push(heap: number[], value: number): void {
  let index = heap.length;
  heap.push(value);
  while (index > 0) {
    const parent = (index - 1) >> 1;
    const above = heap[parent] ?? 0;
    if (above <= value) break;
    heap[index] = above;
    index = parent;
  }
  heap[index] = value;
}

function pop(heap: number[]): number | undefined {
  const top = heap[0];
  const value = heap.pop();
  if (value === undefined || heap.length === 0) return top;
  let index = 0;
  for (;;) {
    let child = 2 * index + 1;
    if (child >= heap.length) break;
    if (child + 1 < heap.length && (heap[child + 1] ?? 0) < (heap[child] ?? 0)) child++;
    const below = heap[child] ?? 0;
    if (below >= value) break;
    heap[index] = below;
    index = child;
  }
  heap[index] = value;
  return top;
}
