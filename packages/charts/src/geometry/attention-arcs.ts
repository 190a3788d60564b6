/** Attention as arcs over the row of tokens: from each query back to the keys that it reads. */

export interface AttentionArc {
  readonly query: number;
  readonly key: number;
  readonly weight: number;
  readonly path: string;
}

export interface ArcSpace {
  /** x of the middle of each token. */
  readonly centres: readonly number[];
  /** y of the row of tokens; arcs rise above it. */
  readonly baseline: number;
  readonly height: number;
}

/** Arcs of at least `threshold`, the weakest first, so that the strongest are drawn on top. A token on itself is a loop. */
export function attentionArcs(
  weight: (query: number, key: number) => number,
  space: ArcSpace,
  threshold: number,
  onlyQuery?: number,
): AttentionArc[] {
  const { centres } = space;
  const arcs: AttentionArc[] = [];
  for (let query = 0; query < centres.length; query++) {
    if (onlyQuery !== undefined && query !== onlyQuery) continue;
    for (let key = 0; key <= query; key++) {
      const value = weight(query, key);
      if (value >= threshold) arcs.push({ query, key, weight: value, path: arcPath(query, key, space) });
    }
  }
  return arcs.sort((a, b) => a.weight - b.weight);
}

function arcPath(query: number, key: number, { centres, baseline, height }: ArcSpace): string {
  const from = centres[query] ?? 0;
  const to = centres[key] ?? 0;
  if (query === key) return `M${from - 4},${baseline} c-6,-16 14,-16 8,0`;
  const span = Math.abs((centres.at(-1) ?? 0) - (centres[0] ?? 0)) || 1;
  // The square root keeps short arcs visible beside long ones.
  const rise = Math.max(10, height * Math.sqrt(Math.abs(from - to) / span));
  return `M${from},${baseline} C${from},${baseline - rise} ${to},${baseline - rise} ${to},${baseline}`;
}
