/**
 * An attribution graph as a document: plain JSON, no class instances, the same in a file, on the wire and in memory.
 * README.md says what every member means, and how it is written in the interchange format.
 */

export type JsonValue = null | boolean | number | string | readonly JsonValue[] | JsonObject;
export type JsonObject = { readonly [name: string]: JsonValue };

export const CIRCUIT_GRAPH_FORMAT = "patchbay-graph";
export const CIRCUIT_GRAPH_VERSION = 1;

export interface CircuitGraph {
  readonly format: typeof CIRCUIT_GRAPH_FORMAT;
  readonly version: typeof CIRCUIT_GRAPH_VERSION;
  readonly title: string;
  /** A name that can stand in a file name or an address. */
  readonly slug: string;
  readonly prompt: string;
  /** One a position. `id` is null where a foreign file does not say it. */
  readonly tokens: readonly CircuitToken[];
  readonly model: CircuitModel;
  readonly dictionaries: readonly CircuitDictionary[];
  /** How it was made: settings, engine, phases. Free, and never interpreted. */
  readonly origin: JsonObject | null;
  readonly nodes: readonly CircuitNode[];
  readonly edges: CircuitEdges;
  /** Of the graph as it was made, before anything was pruned; null where unknown. */
  readonly scores: GraphScores | null;
  /** What people put on top: everything that may change after the graph was made. */
  readonly view: CircuitView;
  /** What a foreign file held that this document has no member for, so that it goes back out unchanged. */
  readonly foreign: ForeignRemainder | null;
}

export interface CircuitToken {
  readonly id: number | null;
  readonly text: string;
}

export interface CircuitModel {
  readonly name: string | null;
  readonly hash: string | null;
  /** Number of layers (blocks). */
  readonly layers: number;
}

export interface CircuitDictionary {
  readonly name: string;
  readonly hash: string | null;
}

/** "other" is what a file calls by a name that we do not know; the name itself is in `foreign`. */
export const NODE_KINDS = ["feature", "error", "token", "logit", "bias", "other"] as const;
export type NodeKind = (typeof NODE_KINDS)[number];

export interface CircuitNode {
  /** Unique in the graph. Nothing is ever read out of it; `conventionalNodeId` makes those that other tools write. */
  readonly id: string;
  readonly kind: NodeKind;
  /** Block 0 … layers − 1; −1 of a token, `layers` of a logit. */
  readonly layer: number;
  /** Position in `tokens`. */
  readonly position: number;
  /** Features: the dictionary that the unit belongs to; null where unknown. Errors: the one whose error it is. */
  readonly dictionary: string | null;
  /** Feature index in the dictionary. For files with opaque feature numbers, that number. */
  readonly unit: number | null;
  /** Tokens and logits: vocabulary id. At or above the vocabulary's size: a target that is not one token. */
  readonly tokenId: number | null;
  /** Logits: probability of the token, and so the weight with which influence starts there. */
  readonly probability: number | null;
  /** The logit that the prompt's most probable token has. */
  readonly isTarget?: boolean;
  /** As made; a person's label is in `view.labels`. Logits: the token's text. */
  readonly label: string;
  /** Feature activation on this prompt. */
  readonly activation: number | null;
  /** Features: what enters the activation function. Logits: the (demeaned) logit. = Σ incoming weights + bias. */
  readonly preActivation: number | null;
  /** The part of `preActivation` that comes from biases, in its units; null where unknown (foreign graphs). */
  readonly bias: number | null;
  /** Σ |incoming weight| before any edge was left out, without the bias; null = that of the edges that are here. */
  readonly inputSum: number | null;
  /** Cumulative share of all influence at this node's rank, in [0, 1]: small is important. Null for logits. */
  readonly influence: number | null;
}

/** Columns of equal length; `source` and `target` are places in `nodes`. */
export interface CircuitEdges {
  readonly source: readonly number[];
  readonly target: readonly number[];
  /** Signed direct effect of the source on the target's pre-activation, on this prompt. */
  readonly weight: readonly number[];
  /**
   * What weights alone say of the pair ("any prompt"). The weight is a sum over paths of activation × factor × attention
   * patterns ÷ norm scales; this is the factor of one of them: the direct path, or that through one head.
   */
  readonly factor?: readonly (number | null)[];
}

export interface GraphScores {
  /** Null where nothing flows from the logits to tokens or errors. */
  readonly replacement: number | null;
  readonly completeness: number | null;
}

export interface CircuitView {
  /** Node ids, in the order in which they were pinned. */
  readonly pins: readonly string[];
  readonly supernodes: readonly Supernode[];
  /** Node id → what a person calls it. */
  readonly labels: Readonly<Record<string, string>>;
  readonly thresholds: Thresholds;
  /** Node or supernode id → place, in units of the drawing. */
  readonly positions: Readonly<Record<string, Place>>;
  /** The node that is looked at. */
  readonly clicked: string | null;
}

export interface Supernode {
  /** Unique among nodes and supernodes; stays when the label changes. */
  readonly id: string;
  readonly label: string;
  /** Node ids; a node is in at most one supernode. */
  readonly nodes: readonly string[];
}

/** Shares of influence that pruning keeps, in [0, 1]; null = not pruned. */
export interface Thresholds {
  readonly node: number | null;
  readonly edge: number | null;
}

export interface Place {
  readonly x: number;
  readonly y: number;
}

/** Where the file's objects differ from those that we would write for the same nodes and edges. */
export interface ForeignRemainder {
  readonly format: "attribution-graph-json";
  /** Names of the top level in their order. */
  readonly order: readonly string[];
  /** Members of the top level beside nodes and links, as they were (`metadata`, `qParams`, `qk_only_nodes`, …). */
  readonly members: JsonObject;
  readonly nodes: ObjectRemainders;
  readonly links: ObjectRemainders;
}

/** For a list of objects, what they had that we would not write, or would write otherwise. */
export interface ObjectRemainders {
  /** Different lists of member names that occur, in their order. */
  readonly shapes: readonly (readonly string[])[];
  /** Each object's place in `shapes`; −1 = the members that we would write. Null = −1 for all. */
  readonly shape: readonly number[] | null;
  /** Object's place in its list → members whose value is not the one that we would write. */
  readonly values: Readonly<Record<string, JsonObject>>;
}

export const EMPTY_VIEW: CircuitView = {
  pins: [],
  supernodes: [],
  labels: {},
  thresholds: { node: null, edge: null },
  positions: {},
  clicked: null,
};
