/** The formulas as they are written down, with whole matrices and the series term by term: slow, and easy to check. */
import type { CircuitGraph } from "../circuit-graph.ts";

type Matrix = readonly (readonly number[])[];

export function denseScores({ nodes, edges }: CircuitGraph) {
  const count = nodes.length;
  const weights: number[][] = Array.from({ length: count }, () => new Array<number>(count).fill(0));
  edges.weight.forEach((weight, edge) => {
    const row = weights[edges.target[edge] ?? 0] ?? [];
    row[edges.source[edge] ?? 0] = Math.abs(weight);
  });
  const w = nodes.map(({ kind, probability }) => (kind === "logit" ? (probability ?? 0) : 0));
  const sums = weights.map(total);
  const stated = nodes.map(({ inputSum }, node) => Math.max(sums[node] ?? 0, inputSum ?? 0));
  const whole = divideRows(weights, stated);
  const influence = series(w, whole);
  const rest = stated.map((sum, node) => (sum === 0 ? 0 : 1 - (sums[node] ?? 0) / sum));
  const arriving = influence.map((value, node) => value + (w[node] ?? 0));
  const of = (wanted: string) => total(influence.filter((_, node) => nodes[node]?.kind === wanted));
  const lost = total(rest.map((share, node) => share * (arriving[node] ?? 0)));
  const explained = whole.map((row, node) => {
    const errors = total(row.filter((_, source) => nodes[source]?.kind === "error"));
    return (1 - errors - (rest[node] ?? 0)) * (arriving[node] ?? 0);
  });
  return {
    influence,
    replacement: of("token") / (of("token") + of("error") + lost),
    completeness: total(explained) / total(arriving),
    prune: (nodeThreshold: number, edgeThreshold: number) => {
      const smallest = reaching(influence, nodeThreshold);
      const kept = nodes.map(
        ({ kind }, node) => kind === "token" || kind === "logit" || (influence[node] ?? 0) >= smallest,
      );
      const among = weights.map((row, t) => row.map((weight, s) => (kept[t] && kept[s] ? weight : 0)));
      const renormalised = divideRows(among, among.map(total));
      const later = series(w, renormalised).map((value, node) => value + (w[node] ?? 0));
      const scores = renormalised.map((row, t) => row.map((share) => share * (later[t] ?? 0)));
      const smallestEdge = reaching(scores.flat(), edgeThreshold);
      const isEdge = scores.map((row, t) => row.map((score, s) => (among[t]?.[s] ?? 0) > 0 && score >= smallestEdge));
      for (let before = -1, now = 0; before !== now; before = now, now = total(kept.map(Number))) {
        nodes.forEach(({ kind }, node) => {
          if (kind === "token" || kind === "logit") return;
          if (!isEdge.some((row) => row[node])) kept[node] = false;
          if (kind === "feature" && !isEdge[node]?.some(Boolean)) kept[node] = false;
        });
        isEdge.forEach((row, t) => {
          row.forEach((_, s) => {
            if (!kept[t] || !kept[s]) row[s] = false;
          });
        });
      }
      return {
        nodes: kept.map(Number),
        edges: edges.weight.map((_, edge) =>
          Number(isEdge[edges.target[edge] ?? 0]?.[edges.source[edge] ?? 0] ?? false),
        ),
      };
    },
  };
}

const total = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);

function divideRows(matrix: Matrix, sums: readonly number[]): Matrix {
  return matrix.map((row, target) => row.map((value) => value / Math.max(sums[target] ?? 0, 1e-10)));
}

/** wN + wN² + … until a term is nothing. */
function series(w: readonly number[], matrix: Matrix): number[] {
  let term = w;
  let sum = w.map(() => 0);
  while (term.some((value) => value !== 0)) {
    const last = term;
    term = w.map((_, source) => total(last.map((value, target) => value * (matrix[target]?.[source] ?? 0))));
    sum = sum.map((value, node) => value + (term[node] ?? 0));
  }
  return sum;
}

/** The value at the first rank whose cumulative share reaches the threshold. */
function reaching(values: readonly number[], threshold: number): number {
  const sorted = [...values].sort((a, b) => b - a);
  const all = total(sorted);
  let sum = 0;
  for (const value of sorted) {
    sum += value;
    if (sum / all >= threshold) return value;
  }
  return sorted.at(-1) ?? 0;
}
