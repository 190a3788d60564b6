/** One opened graph with everything that is computed from it once, and what is computed again when a slider moves. */

import {
  type CircuitScene,
  circuitLayout,
  edgeBatches,
  edgeStyles,
  edgesOfNodes,
  shapeCode,
} from "@patchbay/charts/geometry";
import {
  type CircuitGraph,
  type CircuitView,
  cleanUp,
  collapseSupernodes,
  type EdgeIndex,
  edgesAmong,
  indexEdges,
  indexForScores,
  influenceOf,
  type Pruned,
  pruneEdges,
  pruneNodes,
  type ScoringIndex,
  subgraphScores,
  suggestSupernodes,
} from "@patchbay/circuit-graph";
import { PatchbayError } from "@patchbay/vocabulary";
import { visibleToken } from "../../../shell/ui/token-text.ts";
import {
  type CircuitTasks,
  type Drawing,
  type DrawingFacts,
  type DrawRequest,
  pairKey,
  type Subgraph,
} from "./circuit-tasks.ts";

export class CircuitEngine {
  readonly graph: CircuitGraph;
  readonly #edges: EdgeIndex;
  readonly #scoring: ScoringIndex | undefined;
  readonly #problem: string | undefined;
  readonly #influence: Float64Array;
  readonly #places: ReadonlyMap<string, number>;
  /** Files carry the cumulative shares of the graph before it was pruned: they are better than what can be computed here. */
  readonly #hasStoredInfluence: boolean;
  /** The last drawing, for the painter. */
  drawing: Drawing | undefined;

  constructor(graph: CircuitGraph) {
    this.graph = graph;
    this.#places = new Map(graph.nodes.map(({ id }, place) => [id, place]));
    const features = graph.nodes.filter(({ kind }) => kind === "feature" || kind === "error");
    this.#hasStoredInfluence = features.length > 0 && features.every(({ influence }) => influence !== null);
    try {
      this.#scoring = indexForScores(graph);
      this.#edges = this.#scoring.edges;
      this.#influence = influenceOf(this.#scoring);
      this.#problem = undefined;
    } catch (error) {
      // A graph with a cycle can be looked at, but not scored.
      if (!(error instanceof PatchbayError)) throw error;
      this.#scoring = undefined;
      this.#problem = error.message;
      this.#edges = indexEdges(graph);
      this.#influence = new Float64Array(graph.nodes.length);
    }
  }

  draw(request: DrawRequest): Drawing {
    const pinned = this.#placesOf([
      ...request.annotations.pins,
      ...request.annotations.supernodes.flatMap(({ nodes }) => nodes),
    ]);
    const kept = this.#prune(request, pinned);
    const nodes = placesIn(kept.nodes);
    const sceneOf = new Int32Array(this.graph.nodes.length).fill(-1);
    nodes.forEach((node, place) => {
      sceneOf[node] = place;
    });
    const factor = request.weights === "any" ? (this.graph.edges.factor ?? []) : undefined;
    let withoutFactor = 0;
    const edges = placesIn(kept.edges).filter((edge) => {
      if (factor === undefined) return true;
      const known = factor[edge] !== null && factor[edge] !== undefined;
      if (!known) withoutFactor += 1;
      return known;
    });
    const weight = Float64Array.from(edges, (edge) => factor?.[edge] ?? this.#edges.weight[edge] ?? 0);
    const { scene, layout } = this.#sceneOf(request, nodes, edges, weight, sceneOf);
    const { order, start } = edgeBatches(scene.style);
    const drawing: Drawing = {
      scene,
      layout,
      nodes,
      edges,
      order,
      start,
      adjacency: edgesOfNodes(nodes.length, scene.source, scene.target),
      facts: { ...this.#facts(kept.nodes), withoutFactor, largest: largestOf(weight) },
    };
    this.drawing = drawing;
    return drawing;
  }

  subgraph(view: CircuitTasks["subgraph"]["input"]): Subgraph {
    const members = this.#placesOf([...view.pins, ...view.supernodes.flatMap(({ nodes }) => nodes)]);
    const mask = new Uint8Array(this.graph.nodes.length);
    for (const place of members) mask[place] = 1;
    const whole = { ...this.graph.view, ...view } as CircuitView;
    const { nodes, edges } = collapseSupernodes(this.graph, whole, this.#edges, { nodes: mask });
    return { nodes, edges, scores: this.#scored(mask), influence: this.#shareOf(members) };
  }

  suggest({ nodes, topTokens, similarities }: CircuitTasks["suggest"]["input"]): CircuitTasks["suggest"]["output"] {
    return suggestSupernodes(this.graph, {
      candidates: nodes,
      topTokens: (node) => topTokens.get(node),
      similarity: (a, b) => similarities.get(pairKey(a, b)),
    });
  }

  #placesOf(ids: readonly string[]): number[] {
    return ids.flatMap((id) => this.#places.get(id) ?? []);
  }

  #prune({ thresholds }: DrawRequest, pinned: readonly number[]): Pruned {
    const all = new Uint8Array(this.graph.nodes.length).fill(1);
    if (this.#scoring === undefined) return { nodes: all, edges: new Uint8Array(this.#edges.edgeCount).fill(1) };
    const { node, edge } = thresholds;
    if (node === null && edge === null) return { nodes: all, edges: edgesAmong(this.#scoring, all) };
    const nodes = node === null ? all : this.#pruneNodes(this.#scoring, node);
    for (const place of pinned) nodes[place] = 1;
    const edges = edge === null ? edgesAmong(this.#scoring, nodes) : pruneEdges(this.#scoring, nodes, edge);
    return cleanUp(this.#scoring, { nodes, edges }, pinned);
  }

  #pruneNodes(scoring: ScoringIndex, threshold: number): Uint8Array {
    if (!this.#hasStoredInfluence) return pruneNodes(scoring, this.#influence, threshold);
    return Uint8Array.from(this.graph.nodes, ({ kind, influence }) =>
      kind === "token" || kind === "logit" || influence === null || influence <= threshold ? 1 : 0,
    );
  }

  #sceneOf(
    { annotations, aspect }: DrawRequest,
    nodes: Uint32Array,
    edges: Uint32Array,
    weight: Float64Array,
    sceneOf: Int32Array,
  ): { readonly scene: CircuitScene; readonly layout: Drawing["layout"] } {
    const { graph } = this;
    const groupOf = new Map(
      annotations.supernodes.flatMap((supernode, group) => supernode.nodes.map((id) => [id, group] as const)),
    );
    const shape = new Uint8Array(nodes.length);
    const group = new Int16Array(nodes.length);
    const [layer, position, rank, characters] = [0, 1, 2, 3].map(() => new Float64Array(nodes.length));
    nodes.forEach((place, n) => {
      const node = graph.nodes[place];
      if (node === undefined || !layer || !position || !rank || !characters) return;
      shape[n] = shapeCode(node.kind);
      group[n] = groupOf.get(node.id) ?? -1;
      layer[n] = node.layer;
      position[n] = node.position;
      // Targets by probability, others by influence; stored shares count from the most influential.
      rank[n] =
        node.kind === "logit"
          ? -(node.probability ?? 0)
          : this.#hasStoredInfluence
            ? (node.influence ?? 0)
            : -(this.#influence[place] ?? 0);
      characters[n] = node.kind === "logit" ? visibleToken(node.label).length : 0;
    });
    const { x, y, ...layout } = circuitLayout({
      layers: graph.model.layers,
      tokens: graph.tokens.map(({ text }) => visibleToken(text)),
      shape,
      layer: layer ?? [],
      position: position ?? [],
      rank: rank ?? [],
      characters: characters ?? [],
      aspect,
    });
    const ends = (column: Uint32Array) => Uint32Array.from(edges, (edge) => sceneOf[column[edge] ?? 0] ?? 0);
    const scene = {
      shape,
      group,
      source: ends(this.#edges.source),
      target: ends(this.#edges.target),
      weight,
      style: edgeStyles(weight),
      x,
      y,
    };
    return { scene, layout };
  }

  #scored(mask: Uint8Array) {
    return this.#scoring === undefined ? null : subgraphScores(this.#scoring, mask);
  }

  #facts(shown: Uint8Array): Omit<DrawingFacts, "withoutFactor" | "largest"> {
    const { graph } = this;
    return {
      allNodes: graph.nodes.length,
      allEdges: this.#edges.edgeCount,
      scores: this.#scored(shown),
      ...this.#wholeFacts(),
      problem: this.#problem,
    };
  }

  #whole: Pick<DrawingFacts, "ends" | "biasShare" | "errorShares"> | undefined;

  /** Of the graph as it was opened: the same wherever the sliders stand, so that no error is pruned out of sight. */
  #wholeFacts(): Pick<DrawingFacts, "ends" | "biasShare" | "errorShares"> {
    if (this.#whole !== undefined) return this.#whole;
    const { nodes, model } = this.graph;
    const layers = Array.from({ length: model.layers }, () => ({ errors: 0, all: 0 }));
    let [tokens, errors, leftOut] = [0, 0, 0];
    let [bias, entering, known] = [0, 0, false];
    nodes.forEach((node, place) => {
      const own = this.#influence[place] ?? 0;
      const arriving = own + (this.#scoring?.start[place] ?? 0);
      if (node.kind === "token") tokens += own;
      if (node.kind === "error") errors += own;
      leftOut += (this.#scoring?.rest[place] ?? 0) * arriving;
      const layer = layers[node.layer];
      if (layer !== undefined && node.kind !== "token" && node.kind !== "logit") {
        layer.all += own;
        if (node.kind === "error") layer.errors += own;
      }
      if (node.bias === null) return;
      known = true;
      const whole = Math.abs(node.bias) + (this.#scoring?.divisor[place] ?? 0);
      if (whole > 0) bias += (arriving * Math.abs(node.bias)) / whole;
      entering += arriving;
    });
    const total = tokens + errors + leftOut;
    this.#whole = {
      ends: total > 0 ? { tokens: tokens / total, errors: errors / total, leftOut: leftOut / total } : null,
      biasShare: known && entering > 0 ? bias / entering : null,
      errorShares: layers.map((layer) => (layer.all > 0 ? layer.errors / layer.all : null)),
    };
    return this.#whole;
  }

  #shareOf(places: readonly number[]): number | null {
    const passes = (place: number) => {
      const kind = this.graph.nodes[place]?.kind;
      return kind === "token" || kind === "logit" ? 0 : (this.#influence[place] ?? 0);
    };
    const total = this.graph.nodes.reduce((sum, _, place) => sum + passes(place), 0);
    return total === 0 ? null : places.reduce((sum, place) => sum + passes(place), 0) / total;
  }
}

function placesIn(mask: Uint8Array): Uint32Array {
  let count = 0;
  for (const bit of mask) count += bit;
  const places = new Uint32Array(count);
  let next = 0;
  for (let place = 0; place < mask.length; place++) if (mask[place] === 1) places[next++] = place;
  return places;
}

function largestOf(weight: Float64Array): number {
  let largest = 0;
  for (const value of weight) largest = Math.max(largest, Math.abs(value));
  return largest;
}
