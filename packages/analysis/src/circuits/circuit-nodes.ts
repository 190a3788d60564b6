/** Parts of a circuit: their names, whether they exist, and where they act. */
import type { Circuit, CircuitNode, CircuitNodeKind } from "@patchbay/contract";
import { headLabel, neuronLabel, PatchbayError } from "@patchbay/vocabulary";

/** What a check against a model needs to know of it. */
export interface CircuitModel {
  readonly layers: number;
  readonly heads: number;
  /** In each layer. */
  readonly neurons: number;
}

/** Without the positions: two nodes with one label are the same part. */
export function partLabel(node: CircuitNode): string {
  switch (node.kind) {
    case "head":
      return headLabel(node.layer, node.head);
    case "mlp":
      return `${node.layer}_mlp_out`;
    case "neuron":
      return neuronLabel(node);
    case "feature":
      return `${node.dictionary} F${node.feature}`;
    case "token":
      return `token ${node.position}`;
  }
}

/** With the positions, where the node has some: "L3H2 @ 4, −1". */
export function nodeLabel(node: CircuitNode): string {
  const positions = positionsOf(node);
  return positions === undefined || node.kind === "token" ? partLabel(node) : `${partLabel(node)} @ ${positions}`;
}

/** Sorted, each once; undefined = everywhere. */
export function positionsOf(node: CircuitNode): string | undefined {
  if (node.kind === "token") return String(node.position);
  if (node.positions === undefined) return undefined;
  return [...new Set(node.positions)].sort((a, b) => a - b).join(", ");
}

export const NODE_KINDS: readonly CircuitNodeKind[] = ["head", "mlp", "neuron", "feature", "token"];

/**
 * Dictionaries and positions are checked where they are used: they depend on what is installed, and on the prompt.
 * @throws PatchbayError `layer-out-of-range`, `unit-out-of-range`; `invalid-request` for doubles and edges to nowhere
 */
export function checkCircuit({ nodes, edges = [] }: Pick<Circuit, "nodes" | "edges">, model: CircuitModel): void {
  const seen = new Map<string, number>();
  nodes.forEach((node, i) => {
    checkNode(node, model, `nodes/${i}`);
    const label = nodeLabel(node);
    const first = seen.get(label);
    if (first !== undefined) {
      throw new PatchbayError("invalid-request", `The circuit names ${label} twice.`, {
        expected: "every part once; list its positions in one node",
        received: `nodes ${first} and ${i}`,
        at: `nodes/${i}`,
      });
    }
    seen.set(label, i);
  });
  edges.forEach(({ source, target }, i) => {
    for (const [end, place] of [
      ["source", source],
      ["target", target],
    ] as const) {
      if (typeof place === "string" || place < nodes.length) continue;
      throw new PatchbayError("invalid-request", `The ${end} of edge ${i} is no node of the circuit.`, {
        expected: nodes.length === 0 ? "a circuit with nodes" : `0 to ${nodes.length - 1}`,
        received: String(place),
        at: `edges/${i}/${end}`,
      });
    }
  });
}

function checkNode(node: CircuitNode, { layers, heads, neurons }: CircuitModel, at: string): void {
  if (!("layer" in node)) return;
  if (node.layer >= layers) {
    throw new PatchbayError("layer-out-of-range", `There is no layer ${node.layer}.`, {
      expected: `0 to ${layers - 1}`,
      received: String(node.layer),
      at: `${at}/layer`,
    });
  }
  if (node.kind === "mlp" && neurons === 0) {
    throw new PatchbayError("unit-out-of-range", "This model has no MLPs.", { expected: "heads", at });
  }
  const [unit, count, what] =
    node.kind === "head"
      ? [node.head, heads, "head"]
      : node.kind === "neuron"
        ? [node.neuron, neurons, "neuron"]
        : [0, 1, ""];
  if (unit < count) return;
  throw new PatchbayError("unit-out-of-range", `There is no ${what} ${unit}.`, {
    expected: count === 0 ? `a model with ${what}s` : `0 to ${count - 1}`,
    received: String(unit),
    at: `${at}/${what}`,
  });
}
