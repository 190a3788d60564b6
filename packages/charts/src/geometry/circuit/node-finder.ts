/** The node under the pointer, from a grid of square buckets: a few look-ups at any number of nodes. */

export interface NodeFinder {
  /** The nearest node within `reach`, all in units of the drawing. */
  nearest(x: number, y: number, reach: number): number | undefined;
  /** Every node inside a rectangle. */
  within(left: number, top: number, right: number, bottom: number): number[];
}

const BUCKET = 26;

export function nodeFinder(x: Float32Array, y: Float32Array): NodeFinder {
  let [low, high] = [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  let [topmost, lowest] = [low, high];
  for (let n = 0; n < x.length; n++) {
    low = Math.min(low, x[n] ?? 0);
    high = Math.max(high, x[n] ?? 0);
    topmost = Math.min(topmost, y[n] ?? 0);
    lowest = Math.max(lowest, y[n] ?? 0);
  }
  if (x.length === 0) [low, high, topmost, lowest] = [0, 0, 0, 0];
  const columns = Math.floor((high - low) / BUCKET) + 1;
  const rows = Math.floor((lowest - topmost) / BUCKET) + 1;
  const columnAt = (value: number) => Math.min(columns - 1, Math.max(0, Math.floor((value - low) / BUCKET)));
  const rowAt = (value: number) => Math.min(rows - 1, Math.max(0, Math.floor((value - topmost) / BUCKET)));
  const bucketOf = (n: number) => rowAt(y[n] ?? 0) * columns + columnAt(x[n] ?? 0);
  const start = new Uint32Array(columns * rows + 1);
  for (let n = 0; n < x.length; n++) start[bucketOf(n) + 1] = (start[bucketOf(n) + 1] ?? 0) + 1;
  for (let b = 1; b < start.length; b++) start[b] = (start[b] ?? 0) + (start[b - 1] ?? 0);
  const next = start.slice();
  const members = new Uint32Array(x.length);
  for (let n = 0; n < x.length; n++) {
    const bucket = bucketOf(n);
    const place = next[bucket] ?? 0;
    members[place] = n;
    next[bucket] = place + 1;
  }
  function visit(left: number, top: number, right: number, bottom: number, see: (n: number) => void) {
    for (let row = rowAt(top); row <= rowAt(bottom); row++) {
      for (let column = columnAt(left); column <= columnAt(right); column++) {
        const bucket = row * columns + column;
        for (let m = start[bucket] ?? 0; m < (start[bucket + 1] ?? 0); m++) see(members[m] ?? 0);
      }
    }
  }
  return {
    nearest(px, py, reach) {
      let best: number | undefined;
      let distance = reach * reach;
      visit(px - reach, py - reach, px + reach, py + reach, (n) => {
        const away = ((x[n] ?? 0) - px) ** 2 + ((y[n] ?? 0) - py) ** 2;
        if (away > distance) return;
        best = n;
        distance = away;
      });
      return best;
    },
    within(left, top, right, bottom) {
      const found: number[] = [];
      visit(left, top, right, bottom, (n) => {
        const [px, py] = [x[n] ?? 0, y[n] ?? 0];
        if (px >= left && px <= right && py >= top && py <= bottom) found.push(n);
      });
      return found.sort((a, b) => a - b);
    },
  };
}
