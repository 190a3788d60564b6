/** The columns of an edge attribution as rows: named, sorted, and drawn. */
import type { TableSort } from "@patchbay/charts/react";
import type { EdgeAttribution } from "@patchbay/contract";

export interface EdgeRow {
  /** Place by |score|, from 0. */
  readonly rank: number;
  /** "a0.h3->a2.h1<q>" */
  readonly name: string;
  readonly source: number;
  readonly target: number;
  readonly input: EdgeAttribution["edges"]["input"][number];
  readonly position: number | undefined;
  readonly score: number;
}

/** In the order of the answer: falling |score|. */
export function edgeRows({ nodes, edges }: Pick<EdgeAttribution, "nodes" | "edges">): EdgeRow[] {
  return edges.score.map((score, rank) => {
    const [source, target, input] = [edges.source[rank] ?? 0, edges.target[rank] ?? 0, edges.input[rank] ?? "logits"];
    const to = nodes[target]?.name ?? "?";
    const letter = input === "q" || input === "k" || input === "v" ? `<${input}>` : "";
    return {
      rank,
      name: `${nodes[source]?.name ?? "?"}->${to}${letter}`,
      source,
      target,
      input,
      position: edges.position?.[rank],
      score,
    };
  });
}

export function sortEdgeRows(rows: readonly EdgeRow[], { key, order }: TableSort): EdgeRow[] {
  const sign = order === "ascending" ? 1 : -1;
  return rows.toSorted((a, b) => {
    if (key === "name") return sign * (a.source - b.source || a.target - b.target || a.input.localeCompare(b.input));
    if (key === "score") return sign * (a.score - b.score);
    return sign * (Math.abs(a.score) - Math.abs(b.score));
  });
}
