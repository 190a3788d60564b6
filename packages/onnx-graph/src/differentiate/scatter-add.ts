/**
 * Adding rows at repeated indices: the way back of every gather.
 *
 * ONNX Runtime's ScatterND with reduction=add loses updates when a session has several threads (its threads add to the same
 * row without a lock), so it is not used here (training has it in a one-thread session of its own). Two ways are right under any number of threads:
 * - a product with a one-hot matrix, right and fast while there are few rows to choose from;
 * - ScatterElements with reduction=add, which runs on one thread, with the index repeated over the row.
 * Measured with 2 threads, 2,048 updates of width 288 in milliseconds (one-hot / ScatterElements): 4 rows 0.4 / 3.5, 64
 * rows 1.0 / 2.9, 256 rows 4.6 / 3.9, 1,024 rows 12 / 3.9, 32,000 rows 440 / 30.
 */
import type { ValueName } from "../graph.ts";
import type { Length } from "./lengths.ts";
import type { Differentiation } from "./rule.ts";

/** Up to this many rows the one-hot product is the faster way. */
const MOST_ONE_HOT_ROWS = 192;

export interface ScatterAdd {
  /** [before, index, after] */
  readonly updates: ValueName;
  /** int64 [index]; negative ones count from the end. */
  readonly indices: ValueName;
  /** Length of the axis that is scattered into: as far as it is known, and as int64[1]. */
  readonly rows: Length;
  readonly rowsValue: ValueName;
  /** A value of the element type. */
  readonly like: ValueName;
}

/** @returns [before, row, after]: the sum of the updates of each row. */
export function scatterAdd(whole: Differentiation, { updates, indices, rows, rowsValue, like }: ScatterAdd): ValueName {
  const { g } = whole;
  if (typeof rows === "number" && rows <= MOST_ONE_HOT_ROWS) {
    const marks = g.float32("float32[0,1]", [2], [0, 1]);
    const oneHot = g.node("OneHot", [indices, rowsValue, marks], { axis: { int: 0 } });
    return g.matrixProduct(whole.facts(like).type === "float64" ? g.cast(oneHot, "float64") : oneHot, updates);
  }
  const lengths = g.shapeOf(updates);
  const places = g.expandTo(g.unsqueeze(indices, [0, 2]), lengths);
  const shape = g.concat([g.slice(lengths, 0, 0, 1), rowsValue, g.slice(lengths, 0, 2, 3)], 0);
  return g.scatterElements(g.expandTo(whole.scalar(0, like), shape), places, updates, 1, "add");
}
