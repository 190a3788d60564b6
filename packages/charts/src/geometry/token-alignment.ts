/**
 * Two token sequences under each other: partners share a column, tokens without one have a column of their own, and
 * partners that cross others are joined by a slanted link. px.
 */

export interface AlignedBox {
  readonly x: number;
  readonly width: number;
}

export interface AlignmentLink {
  readonly clean: number;
  readonly corrupted: number;
  readonly x1: number;
  readonly x2: number;
  /** Whether both ends stand in one column. */
  readonly straight: boolean;
}

export interface TokenAlignmentGeometry {
  readonly width: number;
  readonly clean: readonly AlignedBox[];
  readonly corrupted: readonly AlignedBox[];
  readonly links: readonly AlignmentLink[];
}

const CHARACTER = 7.4;
const PADDING = 8;
const GAP = 3;

/**
 * @param pairs [clean, corrupted] positions, one to one, in any order; pairs beyond the tokens are left out
 */
export function tokenAlignment(
  clean: readonly string[],
  corrupted: readonly string[],
  pairs: readonly (readonly [number, number])[],
): TokenAlignmentGeometry {
  const known = pairs
    .filter(([a, b]) => a >= 0 && a < clean.length && b >= 0 && b < corrupted.length)
    .toSorted(([a], [b]) => a - b);
  const columnOfPair = longestRising(known);
  const boxes = { clean: [] as AlignedBox[], corrupted: [] as AlignedBox[] };
  let x = 0;
  const place = (a: number | undefined, b: number | undefined) => {
    const width = Math.max(widthOf(a === undefined ? "" : clean[a]), widthOf(b === undefined ? "" : corrupted[b]));
    if (a !== undefined) boxes.clean[a] = { x, width };
    if (b !== undefined) boxes.corrupted[b] = { x, width };
    x += width + GAP;
  };
  let [i, j] = [0, 0];
  for (const [a, b] of [...columnOfPair, [clean.length, corrupted.length] as const]) {
    while (i < a) place(i++, undefined);
    while (j < b) place(undefined, j++);
    if (a < clean.length && b < corrupted.length) place(i++, j++);
  }
  const middle = (box: AlignedBox | undefined) => (box === undefined ? 0 : box.x + box.width / 2);
  return {
    width: Math.max(0, x - GAP),
    ...boxes,
    links: known.map(([a, b]) => {
      const [x1, x2] = [middle(boxes.clean[a]), middle(boxes.corrupted[b])];
      return { clean: a, corrupted: b, x1, x2, straight: x1 === x2 };
    }),
  };
}

function widthOf(text: string | undefined): number {
  return Math.max(16, [...(text ?? "")].length * CHARACTER + PADDING);
}

/** The most pairs whose second entries rise too: these can stand in columns. O(n log n) patience sorting. */
function longestRising(pairs: readonly (readonly [number, number])[]): (readonly [number, number])[] {
  /** tails[k]: the pair that ends the best rising run of length k + 1. */
  const tails: number[] = [];
  const before = new Array<number>(pairs.length).fill(-1);
  const second = (index: number | undefined) => pairs[index ?? -1]?.[1] ?? -1;
  pairs.forEach(([, b], index) => {
    let [low, high] = [0, tails.length];
    while (low < high) {
      const half = (low + high) >> 1;
      if (second(tails[half]) < b) low = half + 1;
      else high = half;
    }
    before[index] = low === 0 ? -1 : (tails[low - 1] ?? -1);
    tails[low] = index;
  });
  const run: (readonly [number, number])[] = [];
  for (let index = tails.at(-1) ?? -1; index >= 0; index = before[index] ?? -1) {
    const pair = pairs[index];
    if (pair !== undefined) run.unshift(pair);
  }
  return run;
}
