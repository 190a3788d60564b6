/** From nodes of the open graph to the questions that check them in the model. */
import type { CircuitGraph, CircuitNode } from "@patchbay/circuit-graph";
import type {
  GraphDeletionRequest,
  GraphInterventionRequest,
  GraphNodeReference,
  GraphRequest,
  GraphTarget,
} from "@patchbay/contract";
import { type CircuitCheck, type CircuitsView, circuitQuestion, type RemovalOrder } from "@patchbay/workbench-state";

type Question = Pick<GraphRequest, "model" | "input" | "target" | "dictionaries">;

/**
 * How the graph's own answer is asked again. A stored graph speaks of its tokens and its targets by their ids; undefined where
 * it does not know them.
 */
export function questionOf(
  graph: CircuitGraph,
  fromPrompt: boolean,
  view: CircuitsView,
  model: string,
): Question | undefined {
  if (fromPrompt) return circuitQuestion(view, model, view.prompt);
  const ids = graph.tokens.map(({ id }) => id);
  if (ids.length === 0 || ids.some((id) => id === null)) return undefined;
  const target = targetOf(graph);
  if (target === undefined) return undefined;
  const names = graph.dictionaries.map(({ name }) => name);
  return {
    model,
    input: { tokens: [ids.flatMap((id) => id ?? [])] },
    target,
    ...(names.length === 0 ? {} : { dictionaries: names }),
  };
}

function targetOf({ nodes, origin }: CircuitGraph): GraphTarget | undefined {
  const said = origin?.["target"];
  // Our own documents keep the request's target; the server checks it like any other.
  if (typeof said === "object" && said !== null && !Array.isArray(said) && "kind" in said) return said as GraphTarget;
  const tokens = nodes.flatMap(({ kind, tokenId }) => (kind === "logit" && tokenId !== null ? [tokenId] : []));
  return tokens.length === 0 ? undefined : { kind: "tokens", tokens: [...new Set(tokens)].slice(0, 64) };
}

/** Undefined for what no edit can reach: targets, biases, features of an unknown unit. */
export function referenceOf({ kind, layer, position, dictionary, unit }: CircuitNode): GraphNodeReference | undefined {
  if (kind === "token") return { kind, position };
  if (kind === "error") return { kind, layer, position };
  if (kind !== "feature" || unit === null) return undefined;
  return { kind, layer, position, unit, ...(dictionary === null ? {} : { dictionary }) };
}

/** The same for node and reference, so that an answer's rows find their nodes. */
export function referenceKey({ kind, layer, position, unit }: GraphNodeReference): string {
  return JSON.stringify([kind, kind === "token" ? null : (layer ?? null), position, kind === "feature" ? unit : null]);
}

export function interventionOf(
  question: Question,
  nodes: readonly CircuitNode[],
  { op, value, attention, downstream }: CircuitCheck,
  watched: readonly CircuitNode[],
): GraphInterventionRequest {
  const change = op === "zero" ? { op } : { op, value };
  return {
    ...question,
    nodes: nodes.flatMap((node) => {
      const reference = referenceOf(node);
      return reference === undefined ? [] : [{ node: reference, change }];
    }),
    attention,
    downstream,
    watch: watched.flatMap((node) => referenceOf(node) ?? []),
  };
}

/** The shown features above the lowest changed one, the most influential first: what could have felt the change. */
export function watchedNodes(
  shown: readonly CircuitNode[],
  changed: readonly CircuitNode[],
  most: number,
): CircuitNode[] {
  const taken = new Set(changed.map(({ id }) => id));
  const lowest = Math.min(...changed.map(({ layer }) => layer));
  const earliest = Math.min(...changed.map(({ position }) => position));
  return shown
    .filter(
      ({ kind, id, layer, position, unit }) =>
        kind === "feature" && unit !== null && !taken.has(id) && layer > lowest && position >= earliest,
    )
    .sort((a, b) => (a.influence ?? 1) - (b.influence ?? 1))
    .slice(0, most);
}

/** "effect" is what the server does unless told; "chosen" takes the chosen features by their influence. */
export function deletionOf(
  question: Question,
  chosen: readonly CircuitNode[],
  order: RemovalOrder,
  attention: CircuitCheck["attention"],
  seed: number,
): GraphDeletionRequest {
  const features = chosen
    .filter(({ kind }) => kind === "feature")
    .sort((a, b) => (a.influence ?? 1) - (b.influence ?? 1));
  const references = features.flatMap((node) => referenceOf(node) ?? []);
  return {
    ...question,
    ...(order === "effect"
      ? {}
      : order === "chosen"
        ? { order: references, steps: stepsTo(references.length) }
        : { order }),
    attention,
    seed,
  };
}

/** What decided which features were removed first: for a caption. */
export function orderWords(order: GraphDeletionRequest["order"]): string {
  if (Array.isArray(order)) return "Order: the chosen features, by influence.";
  if (order === "influence") return "Order: influence on the target along all paths, without sign.";
  if (order === "attribution") return "Order: size of the direct effect on the target.";
  return "Order: signed total effect, what a feature adds to the target along all paths; those that add nothing stay.";
}

/** 1, 2, 5, 10, … and the last. */
export function stepsTo(count: number): number[] {
  const steps: number[] = [];
  for (let scale = 1; scale < count; scale *= 10)
    for (const step of [1, 2, 5]) if (step * scale < count) steps.push(step * scale);
  return count > 0 ? [...steps, count] : [];
}
