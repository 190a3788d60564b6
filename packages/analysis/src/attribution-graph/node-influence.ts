/** Influence of nodes and the two scores of a graph, from its rows. */
import type { GraphScores } from "@patchbay/circuit-graph";
import type { Unpruned } from "./graph-nodes.ts";
import type { RecordedRun } from "./recorded-run.ts";

/**
 * Influence I = wN + wN² + …, N the kept weights of each row divided by their sum: the published definition on the matrix of
 * the selected features. One sweep: targets first, then features from the highest layer down.
 */
export function influenceOfRows({ kinds, start, rows }: Unpruned): Float64Array {
  const influence = new Float64Array(kinds.length);
  for (let i = rows.length - 1; i >= 0; i--) {
    const entry = rows[i];
    if (entry === undefined) continue;
    const { node, row } = entry;
    const arriving = (influence[node] ?? 0) + (start[node] ?? 0);
    const sum = row.weights.reduce((total, weight) => total + Math.abs(weight), 0);
    if (arriving === 0 || sum === 0) continue;
    const factor = arriving / sum;
    for (let edge = 0; edge < row.columns.length; edge++) {
      const source = row.columns[edge] ?? 0;
      influence[source] = (influence[source] ?? 0) + factor * Math.abs(row.weights[edge] ?? 0);
    }
  }
  return influence;
}

/** Influence of columns → of nodes. */
export function influenceOfNodes(
  influence: Float64Array,
  { columns, errors, kinds }: Unpruned,
  run: RecordedRun,
): Float64Array {
  const { count, positions } = run.features;
  const tokens = count + run.layers.length * positions;
  const places = [
    ...columns,
    ...errors.map((cell) => count + cell),
    ...Array.from({ length: positions }, (_, position) => tokens + position),
  ];
  return Float64Array.from(kinds, (_, node) => influence[places[node] ?? -1] ?? 0);
}

/**
 * The published scores from influence I: replacement = I(tokens) / (I(tokens) + I(errors)). Completeness, the mean of
 * 1 − error share of each node's inputs weighted by I + w, is 1 − I(errors) / Σ (I + w), because I(errors) is the sum of
 * those error shares times I + w.
 */
export function scoresFromInfluence({ kinds, start }: Unpruned, influence: Float64Array): GraphScores {
  let [tokens, errors, all] = [0, 0, 0];
  for (const [node, kind] of kinds.entries()) {
    const own = influence[node] ?? 0;
    if (kind === "token") tokens += own;
    if (kind === "error") errors += own;
    all += own + (start[node] ?? 0);
  }
  return {
    replacement: tokens + errors === 0 ? null : tokens / (tokens + errors),
    completeness: all === 0 ? null : 1 - errors / all,
  };
}
