/** Everything that decides what the Circuits room shows: which graph, how it is drawn, and what people put on it. */
import { type CircuitView, EMPTY_VIEW } from "@patchbay/circuit-graph";
import type { GraphRequest, GraphTarget } from "@patchbay/contract";

export const CIRCUIT_PANELS = ["graph", "nodes", "edges", "compare", "check"] as const;
export type CircuitPanel = (typeof CIRCUIT_PANELS)[number];

export interface CircuitsView {
  /** Undefined: the bundled model. */
  readonly model: string | undefined;
  readonly prompt: string;
  /** Undefined: as the model's recipe says. */
  readonly prependBos: boolean | undefined;
  /** Undefined: the most probable tokens, as the server chooses. */
  readonly target: GraphTarget | undefined;
  /** A set of transcoders. Undefined: the model's own. */
  readonly dictionaries: string | undefined;
  /** Most features that become nodes. Undefined: the server's default. */
  readonly features: number | undefined;
  /** Shares that the server keeps; the sliders prune what came. */
  readonly keep: { readonly nodes: number; readonly edges: number };
  /** A stored graph in place of a prompt's. */
  readonly graph: string | undefined;
  readonly panel: CircuitPanel;
  /** "prompt": weight × activation. "any": the weight factor alone, the same on every prompt. */
  readonly weights: "prompt" | "any";
  /** The prompt that it is compared with. */
  readonly other: string | undefined;
  /** Ids of nodes that are chosen to be grouped, or changed in the model. */
  readonly chosen: readonly string[];
  readonly check: CircuitCheck;
  /** Which features the deletion curve removes first. */
  readonly removal: RemovalOrder;
  /** Pins, supernodes, labels, thresholds, places, the selected node. */
  readonly annotations: CircuitView;
}

/** "effect": by what they add to the target along all paths, with sign. "chosen": only those, by influence. */
export const REMOVAL_ORDERS = ["effect", "influence", "attribution", "chosen"] as const;
export type RemovalOrder = (typeof REMOVAL_ORDERS)[number];

export const CHECK_OPERATIONS = ["zero", "scale", "set", "add"] as const;

/** What is done to the chosen nodes in the model, and what may answer. */
export interface CircuitCheck {
  readonly op: (typeof CHECK_OPERATIONS)[number];
  /** Of scale, set and add. */
  readonly value: number;
  readonly attention: "freeze" | "recompute";
  readonly downstream: "freeze" | "recompute";
}

export const USUAL_CHECK: CircuitCheck = { op: "zero", value: 1, attention: "freeze", downstream: "recompute" };

export const FIRST_CIRCUIT_PROMPT = "One day, Tom and Lily went to the park. Tom gave a ball to";

/** Where the sliders begin: as many nodes as can be read on a screen. */
export const USUAL_THRESHOLDS = { node: 0.6, edge: 0.8 } as const;
export const NO_ANNOTATIONS: CircuitView = { ...EMPTY_VIEW, thresholds: USUAL_THRESHOLDS };

export const FIRST_CIRCUITS_VIEW: CircuitsView = {
  model: undefined,
  prompt: FIRST_CIRCUIT_PROMPT,
  prependBos: undefined,
  target: undefined,
  dictionaries: undefined,
  features: undefined,
  keep: { nodes: 0.8, edges: 0.9 },
  graph: undefined,
  panel: "graph",
  weights: "prompt",
  other: undefined,
  chosen: [],
  check: USUAL_CHECK,
  removal: "effect",
  annotations: NO_ANNOTATIONS,
};

/** The question behind the graph of a prompt. */
export function circuitRequest(
  view: Pick<CircuitsView, "target" | "dictionaries" | "features" | "keep" | "prependBos">,
  model: string,
  prompt: string,
): GraphRequest {
  return {
    ...circuitQuestion(view, model, prompt),
    ...(view.features === undefined ? {} : { features: view.features }),
    prune: view.keep,
  };
}

/** What a graph and the checks on it have in common. */
export function circuitQuestion(
  { target, dictionaries, prependBos }: Pick<CircuitsView, "target" | "dictionaries" | "prependBos">,
  model: string,
  prompt: string,
): Pick<GraphRequest, "model" | "input" | "target" | "dictionaries"> {
  return {
    model,
    input: { text: prompt, ...(prependBos === undefined ? {} : { prependBos }) },
    ...(target === undefined ? {} : { target }),
    ...(dictionaries === undefined ? {} : { dictionaries }),
  };
}
