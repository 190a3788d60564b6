/** What the room asks of its worker: everything that touches every node and edge. */

import type { CircuitLayout, CircuitScene } from "@patchbay/charts/geometry";
import type { BitmapRequest } from "@patchbay/charts/react";
import type {
  CircuitGraph,
  CircuitView,
  CollapsedEdge,
  CollapsedNode,
  GraphScores,
  SupernodeSuggestion,
  Thresholds,
} from "@patchbay/circuit-graph";

export interface DrawRequest {
  readonly thresholds: Thresholds;
  readonly annotations: Pick<CircuitView, "pins" | "supernodes">;
  readonly weights: "prompt" | "any";
  /** Of the place where it is drawn: height over width. */
  readonly aspect: number;
}

/** What is shown, and the numbers beside it. */
export interface Drawing {
  readonly scene: CircuitScene;
  readonly layout: Omit<CircuitLayout, "x" | "y">;
  /** One entry a node of the scene: its place in the graph's nodes; and of its edges. */
  readonly nodes: Uint32Array;
  readonly edges: Uint32Array;
  readonly order: Uint32Array;
  readonly start: Uint32Array;
  readonly adjacency: { readonly start: Uint32Array; readonly edges: Uint32Array };
  readonly facts: DrawingFacts;
}

export interface DrawingFacts {
  /** In the graph that was opened. */
  readonly allNodes: number;
  readonly allEdges: number;
  /** Of the nodes that are shown: what is not shown counts as error. Null where nothing flows. */
  readonly scores: GraphScores | null;
  /** Shares of the influence of the opened graph that ends at tokens, at errors, and where an edge was left out. */
  readonly ends: { readonly tokens: number; readonly errors: number; readonly leftOut: number } | null;
  /** Share of what enters the nodes that comes from biases, weighted by influence; null where unknown. */
  readonly biasShare: number | null;
  /** By layer: errors' share of the influence of the layer's nodes. */
  readonly errorShares: readonly (number | null)[];
  /** Edges that have no factor and so are not shown in "any prompt". */
  readonly withoutFactor: number;
  /** Largest |weight| (or |factor|) shown. */
  readonly largest: number;
  /** Why there are no scores. */
  readonly problem: string | undefined;
}

export interface Subgraph {
  readonly nodes: readonly CollapsedNode[];
  readonly edges: readonly CollapsedEdge[];
  readonly scores: GraphScores | null;
  /** Share of the opened graph's influence (tokens and targets aside) that passes its nodes. */
  readonly influence: number | null;
}

export interface OpenedFile {
  readonly graph: CircuitGraph;
  readonly notices: readonly string[];
  readonly milliseconds: number;
}

/** One number for a pair of places, whichever comes first. */
export function pairKey(a: number, b: number): number {
  return Math.min(a, b) * 2 ** 26 + Math.max(a, b);
}

/** Name of the task → what goes in, what comes out. */
export interface CircuitTasks {
  open: { readonly input: { readonly file: Blob }; readonly output: OpenedFile };
  load: { readonly input: { readonly graph: CircuitGraph }; readonly output: null };
  draw: { readonly input: DrawRequest; readonly output: Drawing };
  paint: { readonly input: BitmapRequest; readonly output: ImageBitmap | null };
  subgraph: {
    readonly input: Pick<CircuitView, "pins" | "supernodes">;
    readonly output: Subgraph;
  };
  suggest: {
    readonly input: {
      readonly nodes: Uint32Array;
      readonly topTokens: ReadonlyMap<number, readonly string[]>;
      /** Cosines of decoder rows by `pairKey` of two places in the graph's nodes. */
      readonly similarities: ReadonlyMap<number, number>;
    };
    readonly output: readonly SupernodeSuggestion[];
  };
}

export type TaskName = keyof CircuitTasks;
