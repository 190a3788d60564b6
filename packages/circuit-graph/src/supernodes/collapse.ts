/** The graph as it is drawn with supernodes: groups and single nodes, and the sums of the edges between them. */
import type { CircuitGraph, CircuitView } from "../circuit-graph.ts";
import type { EdgeIndex } from "../edge-index.ts";

export interface CollapsedNode {
  /** Id of the supernode or of the node. */
  readonly id: string;
  readonly supernode: boolean;
  /** Places in `nodes`, ascending. */
  readonly members: readonly number[];
}

export interface CollapsedEdge {
  /** Places in `CollapsedGraph.nodes`. */
  readonly source: number;
  readonly target: number;
  /** Σ of the signed weights: what all members together write into all members there. */
  readonly weight: number;
  /** Σ |weight|: larger than |weight| where edges cancel. */
  readonly size: number;
  /** How many edges were added. */
  readonly count: number;
}

export interface CollapsedGraph {
  readonly nodes: readonly CollapsedNode[];
  /** Edges within a supernode are not among them. */
  readonly edges: readonly CollapsedEdge[];
  /** [nodes of the document] place in `nodes`; −1 for one that is left out. */
  readonly placeOf: Int32Array;
}

export interface CollapseOptions {
  /** [nodes] 1 = drawn. */
  readonly nodes?: Uint8Array;
  /** [edges] 1 = drawn. */
  readonly edges?: Uint8Array;
}

/** Nodes in the order of the document; a supernode stands where its first member stood. */
export function collapseSupernodes(
  graph: Pick<CircuitGraph, "nodes">,
  view: CircuitView,
  index: EdgeIndex,
  options: CollapseOptions = {},
): CollapsedGraph {
  const groupOf = new Map(view.supernodes.flatMap(({ id, nodes }) => nodes.map((node) => [node, id] as const)));
  const places = new Map<string, number>();
  const nodes: { id: string; supernode: boolean; members: number[] }[] = [];
  const placeOf = new Int32Array(graph.nodes.length).fill(-1);
  graph.nodes.forEach(({ id }, node) => {
    if (options.nodes?.[node] === 0) return;
    const group = groupOf.get(id);
    const key = group === undefined ? `node ${id}` : `supernode ${group}`;
    const known = places.get(key);
    const place = known ?? nodes.push({ id: group ?? id, supernode: group !== undefined, members: [] }) - 1;
    places.set(key, place);
    nodes[place]?.members.push(node);
    placeOf[node] = place;
  });

  const edges: { source: number; target: number; weight: number; size: number; count: number }[] = [];
  /** The edge from each group into the one that is looked at; −1 = none yet. */
  const edgeFrom = new Int32Array(nodes.length).fill(-1);
  const { start, edges: rows } = index.byTarget;
  nodes.forEach(({ members }, target) => {
    const first = edges.length;
    for (const member of members) {
      for (const edge of rows.subarray(start[member], start[member + 1])) {
        if (options.edges?.[edge] === 0) continue;
        const source = placeOf[index.source[edge] ?? 0] ?? -1;
        if (source < 0 || source === target) continue;
        const weight = index.weight[edge] ?? 0;
        const known = edges[edgeFrom[source] ?? -1];
        if (known === undefined) {
          edgeFrom[source] = edges.length;
          edges.push({ source, target, weight, size: Math.abs(weight), count: 1 });
        } else {
          known.weight += weight;
          known.size += Math.abs(weight);
          known.count += 1;
        }
      }
    }
    for (let made = first; made < edges.length; made += 1) edgeFrom[edges[made]?.source ?? 0] = -1;
  });
  return { nodes, edges, placeOf };
}
