/**
 * Edges are drawn by style, so that thousands of them are a few strokes: five widths by the size of the weight, each once for
 * either sign.
 */

export const WIDTH_CLASSES = 5;
/** Screen pixels at scale 1, and opacity; from the faintest to the strongest. */
export const EDGE_WIDTHS: readonly number[] = [0.5, 0.8, 1.4, 2.3, 3.6];
export const EDGE_OPACITIES: readonly number[] = [0.2, 0.34, 0.5, 0.68, 0.85];
/** Share of the largest |weight| from which each class begins. */
export const CLASS_STARTS: readonly number[] = [0, 0.02, 0.08, 0.25, 0.55];
/** Strokes and gaps of negative edges. The faintest are drawn whole: a hairline's gaps cannot be seen. */
export const NEGATIVE_DASH: readonly number[] = [6, 3.5];

/** Styles 0…4 are positive, 5…9 negative. @param largest the largest |weight| shown, > 0. */
export function edgeStyle(weight: number, largest: number): number {
  const share = largest > 0 ? Math.abs(weight) / largest : 0;
  let width = WIDTH_CLASSES - 1;
  while (width > 0 && share < (CLASS_STARTS[width] ?? 0)) width -= 1;
  return (weight < 0 ? WIDTH_CLASSES : 0) + width;
}

export function edgeStyles(weight: ArrayLike<number>): Uint8Array {
  let largest = 0;
  for (let e = 0; e < weight.length; e++) largest = Math.max(largest, Math.abs(weight[e] ?? 0));
  const styles = new Uint8Array(weight.length);
  for (let e = 0; e < weight.length; e++) styles[e] = edgeStyle(weight[e] ?? 0, largest);
  return styles;
}

export function isNegativeStyle(style: number): boolean {
  return style >= WIDTH_CLASSES;
}

export function widthClass(style: number): number {
  return style % WIDTH_CLASSES;
}

/** Edges sorted by style, faintest first: `order[start[s] … start[s + 1])` have style s. */
export function edgeBatches(style: Uint8Array): { readonly order: Uint32Array; readonly start: Uint32Array } {
  const start = new Uint32Array(2 * WIDTH_CLASSES + 1);
  for (const s of style) start[s + 1] = (start[s + 1] ?? 0) + 1;
  for (let s = 1; s < start.length; s++) start[s] = (start[s] ?? 0) + (start[s - 1] ?? 0);
  const next = start.slice();
  const order = new Uint32Array(style.length);
  for (let e = 0; e < style.length; e++) {
    const s = style[e] ?? 0;
    const place = next[s] ?? 0;
    order[place] = e;
    next[s] = place + 1;
  }
  return { order, start };
}

/** Edges at each node, either end: `edges[start[n] … start[n + 1])`. */
export function edgesOfNodes(
  nodes: number,
  source: Uint32Array,
  target: Uint32Array,
): { readonly start: Uint32Array; readonly edges: Uint32Array } {
  const start = new Uint32Array(nodes + 1);
  for (const end of [source, target]) for (const n of end) start[n + 1] = (start[n + 1] ?? 0) + 1;
  for (let n = 1; n < start.length; n++) start[n] = (start[n] ?? 0) + (start[n - 1] ?? 0);
  const next = start.slice();
  const edges = new Uint32Array(2 * source.length);
  for (const end of [source, target]) {
    for (let e = 0; e < end.length; e++) {
      const n = end[e] ?? 0;
      const place = next[n] ?? 0;
      edges[place] = e;
      next[n] = place + 1;
    }
  }
  return { start, edges };
}
