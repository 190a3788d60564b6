/**
 * Edges between components as a node-link drawing: the input below, layers upwards (heads, then the MLP), logits on top.
 * Only nodes that an edge touches are placed, and only rows that hold one take up height. px.
 */

export interface DiagramNode {
  readonly name: string;
  readonly kind: "input" | "head" | "mlp" | "logits";
  readonly layer: number | null;
  readonly head: number | null;
}

export interface DiagramEdge {
  /** Indices into the nodes. */
  readonly source: number;
  readonly target: number;
  readonly score: number;
}

export interface PlacedNode {
  /** Index into the nodes. */
  readonly node: number;
  readonly x: number;
  readonly y: number;
  readonly width: number;
}

export interface DrawnEdge {
  /** Index into the edges. */
  readonly edge: number;
  readonly path: string;
  readonly width: number;
  readonly negative: boolean;
  readonly opacity: number;
}

export interface EdgeDiagramGeometry {
  readonly height: number;
  readonly nodes: readonly PlacedNode[];
  readonly edges: readonly DrawnEdge[];
  readonly rows: readonly { readonly label: string; readonly y: number }[];
}

export const NODE_HEIGHT = 19;
const ROW = 44;
const EDGE_TOP = 14;
const LABEL = 46;

export function edgeDiagram(
  nodes: readonly DiagramNode[],
  edges: readonly DiagramEdge[],
  width: number,
): EdgeDiagramGeometry {
  const used = new Set(edges.flatMap(({ source, target }) => [source, target]));
  const rows = new Map<number, number[]>();
  for (const index of used) {
    const node = nodes[index];
    if (node === undefined) continue;
    const depth = depthOf(node);
    rows.set(depth, [...(rows.get(depth) ?? []), index]);
  }
  // A head keeps its column through the layers, MLPs have the last one: edges between them do not lie on each other.
  const heads = [...new Set([...used].flatMap((index) => nodes[index]?.head ?? []))].sort((a, b) => a - b);
  const slots = heads.length + 1;
  const space = (width - LABEL) / slots;
  const nodeWidth = Math.max(22, Math.min(64, space - 6));
  const slotOf = ({ kind, head }: DiagramNode) =>
    kind === "mlp" ? slots - 1 : head === null ? (slots - 1) / 2 : heads.indexOf(head);
  const depths = [...rows.keys()].sort((a, b) => b - a);
  const placed = new Map<number, PlacedNode>();
  const labels: { label: string; y: number }[] = [];
  depths.forEach((depth, row) => {
    const y = EDGE_TOP + row * ROW + NODE_HEIGHT / 2;
    const members = (rows.get(depth) ?? []).sort((a, b) => (nodes[a]?.head ?? 0) - (nodes[b]?.head ?? 0));
    for (const index of members) {
      const node = nodes[index];
      if (node !== undefined)
        placed.set(index, { node: index, x: LABEL + (slotOf(node) + 0.5) * space, y, width: nodeWidth });
    }
    const first = nodes[members[0] ?? 0];
    if (first !== undefined) labels.push({ label: rowLabel(first), y });
  });
  const largest = edges.reduce((most, { score }) => Math.max(most, Math.abs(score)), 0) || 1;
  const drawn = edges.flatMap(({ source, target, score }, edge): DrawnEdge[] => {
    const [from, to] = [placed.get(source), placed.get(target)];
    if (from === undefined || to === undefined) return [];
    const share = Math.abs(score) / largest;
    const [y1, y2] = [from.y - NODE_HEIGHT / 2, to.y + NODE_HEIGHT / 2];
    const bend = Math.max(14, (y1 - y2) * 0.45);
    const path = `M${round(from.x)},${round(y1)}C${round(from.x)},${round(y1 - bend)} ${round(to.x)},${round(y2 + bend)} ${round(to.x)},${round(y2)}`;
    return [{ edge, path, width: 0.75 + 4.25 * share, negative: score < 0, opacity: 0.35 + 0.55 * share }];
  });
  return {
    height: depths.length === 0 ? 0 : EDGE_TOP * 2 + (depths.length - 1) * ROW + NODE_HEIGHT,
    nodes: [...placed.values()],
    // The strongest on top.
    edges: drawn.sort((a, b) => a.width - b.width),
    rows: labels,
  };
}

function depthOf({ kind, layer }: DiagramNode): number {
  if (kind === "input") return -1;
  if (kind === "logits") return Number.MAX_SAFE_INTEGER;
  return (layer ?? 0) * 2 + (kind === "mlp" ? 1 : 0);
}

function rowLabel({ kind, layer }: DiagramNode): string {
  if (kind === "input" || kind === "logits") return kind;
  return `L${layer} ${kind === "mlp" ? "MLP" : "attn"}`;
}

function round(value: number): number {
  return Math.round(value * 10) / 10;
}
