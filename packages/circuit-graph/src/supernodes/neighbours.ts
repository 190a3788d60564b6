/** Likeness by connections: nodes that read the same and are read by the same, with like weights. */
import type { EdgeIndex } from "../edge-index.ts";

/** Neighbours and signed weights, scaled to unit length. */
interface UnitRow {
  readonly ends: Uint32Array;
  readonly weights: Float64Array;
}

/**
 * Of two nodes, by their places in `nodes`: the mean of the cosines of their inputs and of their outputs; where neither
 * has inputs (or outputs), that of the other alone. Quick while the first node stays the same.
 */
export function neighbourLikeness(index: EdgeIndex, nodes: readonly number[]): (a: number, b: number) => number {
  const inputs = nodes.map((node) => unitRow(index, index.byTarget, index.source, node));
  const outputs = nodes.map((node) => unitRow(index, index.bySource, index.target, node));
  const inputCosine = cosines(inputs, index.nodeCount);
  const outputCosine = cosines(outputs, index.nodeCount);
  const has = (rows: readonly UnitRow[], node: number): boolean => (rows[node]?.ends.length ?? 0) > 0;
  return (a, b) => {
    const readSomething = has(inputs, a) || has(inputs, b);
    const areRead = has(outputs, a) || has(outputs, b);
    const sum = (readSomething ? inputCosine(a, b) : 0) + (areRead ? outputCosine(a, b) : 0);
    return sum / Math.max(1, Number(readSomething) + Number(areRead));
  };
}

/** The first row is spread over all nodes once, the second one is read through it. */
function cosines(rows: readonly UnitRow[], nodeCount: number): (a: number, b: number) => number {
  const spread = new Float64Array(nodeCount);
  let current: UnitRow | undefined;
  return (a, b) => {
    const [first, second] = [rows[a], rows[b]];
    if (first === undefined || second === undefined) return 0;
    if (first !== current) {
      for (const end of current?.ends ?? []) spread[end] = 0;
      first.ends.forEach((end, place) => {
        spread[end] = first.weights[place] ?? 0;
      });
      current = first;
    }
    const { ends, weights } = second;
    let sum = 0;
    for (let place = 0; place < ends.length; place += 1) sum += (spread[ends[place] ?? 0] ?? 0) * (weights[place] ?? 0);
    return sum;
  };
}

function unitRow(
  { weight }: EdgeIndex,
  { start, edges }: EdgeIndex["byTarget"],
  ends: Uint32Array,
  node: number,
): UnitRow {
  const row = new Map<number, number>();
  for (const edge of edges.subarray(start[node], start[node + 1])) {
    const end = ends[edge] ?? 0;
    row.set(end, (row.get(end) ?? 0) + (weight[edge] ?? 0));
  }
  let square = 0;
  for (const value of row.values()) square += value * value;
  if (square === 0) return { ends: new Uint32Array(0), weights: new Float64Array(0) };
  const length = Math.sqrt(square);
  return { ends: Uint32Array.from(row.keys()), weights: Float64Array.from(row.values(), (value) => value / length) };
}
