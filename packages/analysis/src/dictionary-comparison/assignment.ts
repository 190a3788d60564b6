/**
 * Exact maximum-weight assignment: every row gets a column of its own so that the sum of weights is largest.
 *
 * Shortest augmenting paths with prices (Jonker & Volgenant 1987; for more columns than rows, Crouse 2016). Row i is content
 * with column j when w[i,j] − price[j] is its largest. First rows bid for columns against each other, which settles almost
 * all of them; each that is left then gets a shortest path of swaps to a free column. A column that nobody has keeps price 0,
 * which is what makes the rectangular answer optimal. Time O(rows² · columns) at worst; memory besides the weights
 * O(rows + columns).
 */
import { invariant } from "@patchbay/vocabulary";
import type { WorkContext } from "../model-service.ts";
import { breathe } from "./breathe.ts";

export interface AssignmentProblem {
  /** [row, column], finite. */
  readonly weights: Float32Array;
  readonly rows: number;
  /** At least as many as rows. */
  readonly columns: number;
}

/** Weights looked at between two breaths: some tens of milliseconds. */
const WEIGHTS_PER_BREATH = 3e7;
/** Bids a row, on average: equal or nearly equal weights could be bid over in tiny steps without end. */
const BIDS_PER_ROW = 40;

/**
 * The column of each row. `bidsPerRow` divides the work between bidding and searching, and never changes the sum.
 * @throws PatchbayError `cancelled`
 */
export async function maximumAssignment(
  problem: AssignmentProblem,
  context: WorkContext,
  bidsPerRow = BIDS_PER_ROW,
): Promise<Int32Array> {
  const { weights, rows, columns } = problem;
  invariant(rows <= columns, `${rows} rows cannot each have one of ${columns} columns`);
  invariant(weights.length === rows * columns, "weights do not fit rows × columns");
  const state: Matching = {
    columnOf: new Int32Array(rows).fill(-1),
    rowOf: new Int32Array(columns).fill(-1),
    prices: new Float64Array(columns),
  };
  if (rows === 0) return state.columnOf;
  let looked = 0;
  const look = async (count: number) => {
    looked += count;
    if (looked < WEIGHTS_PER_BREATH) return;
    looked = 0;
    await breathe(context.signal);
  };
  const left = columns === 1 ? [0] : await bid(problem, state, bidsPerRow * rows, look);
  const search = newSearch(columns);
  for (const [i, row] of left.entries()) {
    context.progress?.(i / left.length, `${left.length - i} of ${rows} features still without a partner`);
    augment(problem, state, search, row);
    await look(search.looked);
  }
  return state.columnOf;
}

interface Matching {
  /** −1: none yet. */
  readonly columnOf: Int32Array;
  readonly rowOf: Int32Array;
  readonly prices: Float64Array;
}

/**
 * Each free row takes its best column and raises the price to where its second best is as good; whoever had the column is
 * free again. Returns the rows that are free at the end.
 */
async function bid(
  { weights, rows, columns }: AssignmentProblem,
  { columnOf, rowOf, prices }: Matching,
  most: number,
  look: (count: number) => Promise<void>,
): Promise<number[]> {
  let free = Array.from({ length: rows }, (_, row) => row);
  let bids = most;
  for (let round = 0; round < 3 && free.length > 0; round++) {
    const leftOver: number[] = [];
    // Taken from the end; the first rows bid first.
    const waiting = free.reverse();
    for (let row = waiting.pop(); row !== undefined; row = waiting.pop()) {
      if (bids-- <= 0) {
        leftOver.push(row);
        continue;
      }
      let best = Number.NEGATIVE_INFINITY;
      let second = Number.NEGATIVE_INFINITY;
      let bestColumn = -1;
      let secondColumn = -1;
      const start = row * columns;
      for (let column = 0; column < columns; column++) {
        const value = (weights[start + column] ?? 0) - (prices[column] ?? 0);
        if (value <= second) continue;
        if (value > best) {
          second = best;
          secondColumn = bestColumn;
          best = value;
          bestColumn = column;
        } else {
          second = value;
          secondColumn = column;
        }
      }
      await look(columns);
      let column = bestColumn;
      if (best > second) prices[column] = (prices[column] ?? 0) + (best - second);
      else if ((rowOf[column] ?? -1) >= 0) column = secondColumn;
      const displaced = rowOf[column] ?? -1;
      rowOf[column] = row;
      columnOf[row] = column;
      if (displaced < 0) continue;
      columnOf[displaced] = -1;
      // Where the price rose, the displaced row bids at once; where both were equal, that could go on for ever.
      if (best > second) waiting.push(displaced);
      else leftOver.push(displaced);
    }
    free = leftOver;
  }
  return free;
}

/** Working memory of the path searches, made once. */
interface Search {
  readonly distances: Float64Array;
  /** Row from which each column is reached. */
  readonly from: Int32Array;
  /** Columns: first those done, then those at the least distance, then the rest. */
  readonly order: Int32Array;
  looked: number;
}

function newSearch(columns: number): Search {
  return {
    distances: new Float64Array(columns),
    from: new Int32Array(columns),
    order: new Int32Array(columns),
    looked: 0,
  };
}

/** Dijkstra over columns from one free row to the nearest free column; the path's pairs are swapped. */
function augment(
  { weights, columns }: AssignmentProblem,
  { columnOf, rowOf, prices }: Matching,
  search: Search,
  row: number,
): void {
  const { distances, from, order } = search;
  for (let column = 0; column < columns; column++) {
    distances[column] = (prices[column] ?? 0) - (weights[row * columns + column] ?? 0);
    from[column] = row;
    order[column] = column;
  }
  search.looked = columns;
  /** order[…done): settled; [done…atLeast): at distance `least`, not looked from yet; the rest: farther. */
  let done = 0;
  let atLeast = 0;
  let settled = 0;
  let least = 0;
  let end = -1;
  while (end < 0) {
    if (done === atLeast) {
      settled = done;
      least = Number.POSITIVE_INFINITY;
      for (let place = done; place < columns; place++) {
        const column = order[place] ?? 0;
        const distance = distances[column] ?? 0;
        if (distance > least) continue;
        if (distance < least) {
          atLeast = done;
          least = distance;
        }
        order[place] = order[atLeast] ?? 0;
        order[atLeast++] = column;
      }
      for (let place = done; place < atLeast && end < 0; place++) {
        const column = order[place] ?? 0;
        if ((rowOf[column] ?? -1) < 0) end = column;
      }
    }
    if (end >= 0) break;
    const through = order[done++] ?? 0;
    const owner = rowOf[through] ?? 0;
    const start = owner * columns;
    const offset = (prices[through] ?? 0) - (weights[start + through] ?? 0) - least;
    search.looked += columns;
    for (let place = atLeast; place < columns; place++) {
      const column = order[place] ?? 0;
      const distance = (prices[column] ?? 0) - (weights[start + column] ?? 0) - offset;
      if (distance >= (distances[column] ?? 0)) continue;
      distances[column] = distance;
      from[column] = owner;
      if (distance > least) continue;
      if ((rowOf[column] ?? -1) < 0) {
        end = column;
        break;
      }
      order[place] = order[atLeast] ?? 0;
      order[atLeast++] = column;
    }
  }
  for (let place = 0; place < settled; place++) {
    const column = order[place] ?? 0;
    prices[column] = (prices[column] ?? 0) + least - (distances[column] ?? 0);
  }
  for (let column = end; ; ) {
    const owner = from[column] ?? 0;
    const next = columnOf[owner] ?? -1;
    rowOf[column] = owner;
    columnOf[owner] = column;
    if (owner === row) return;
    column = next;
  }
}
