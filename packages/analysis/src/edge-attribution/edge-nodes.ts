/**
 * Nodes and edges of a model as a graph of components. Nodes in order of computation: the input embedding; of each layer its
 * heads, then its MLP; the logits. A source reaches every input that comes after it.
 */
import type { EdgeInput, EdgeNode } from "@patchbay/contract";
import type { ModelShape } from "@patchbay/transformer";
import { PatchbayError } from "@patchbay/vocabulary";

export const HEAD_INPUTS = ["q", "k", "v"] as const;
export type HeadInput = (typeof HEAD_INPUTS)[number];

/** One input of a node, with how many nodes come before it: those are its sources. */
export interface Destination {
  /** Index into the nodes. */
  readonly node: number;
  readonly input: EdgeInput;
  readonly layer: number;
  readonly head: number | null;
  readonly sources: number;
}

export interface EdgeLayout {
  readonly nodes: readonly EdgeNode[];
  /** In order of computation. */
  readonly destinations: readonly Destination[];
  /** Σ sources: every edge that the order allows. */
  readonly edges: number;
  /** First node of a layer: its head 0. */
  firstOf(layer: number): number;
  /** Node of a layer's MLP, where there is one. */
  mlpOf(layer: number): number | undefined;
}

export function edgeLayout({ layers, heads, neurons, arrangement }: ModelShape): EdgeLayout {
  const hasMlp = neurons > 0;
  const nodes: EdgeNode[] = [{ name: "input", kind: "input", layer: null, head: null }];
  const destinations: Destination[] = [];
  const perLayer = heads + (hasMlp ? 1 : 0);
  for (let layer = 0; layer < layers; layer++) {
    const before = nodes.length;
    for (let head = 0; head < heads; head++) {
      for (const input of HEAD_INPUTS) {
        destinations.push({ node: nodes.length, input, layer, head, sources: before });
      }
      nodes.push({ name: `a${layer}.h${head}`, kind: "head", layer, head });
    }
    if (!hasMlp) continue;
    // Side by side, the MLP reads the same stream as attention.
    const sources = arrangement === "parallel" ? before : nodes.length;
    destinations.push({ node: nodes.length, input: "mlp", layer, head: null, sources });
    nodes.push({ name: `m${layer}`, kind: "mlp", layer, head: null });
  }
  destinations.push({ node: nodes.length, input: "logits", layer: layers, head: null, sources: nodes.length });
  nodes.push({ name: "logits", kind: "logits", layer: null, head: null });
  return {
    nodes,
    destinations,
    edges: destinations.reduce((sum, { sources }) => sum + sources, 0),
    firstOf: (layer) => 1 + layer * perLayer,
    mlpOf: (layer) => (hasMlp ? 1 + layer * perLayer + heads : undefined),
  };
}

/** An edge: a source node, and an index into the destinations. */
export interface Edge {
  readonly source: number;
  readonly destination: number;
}

/** `a0.h3->a2.h1<q>` */
export function edgeName({ nodes, destinations }: EdgeLayout, { source, destination }: Edge): string {
  const to = destinations[destination];
  const name = nodes[to?.node ?? -1]?.name;
  return `${nodes[source]?.name}->${name}${to?.head === null ? "" : `<${to?.input}>`}`;
}

/** Reads names of edges. @throws PatchbayError `not-found` for an edge that this model lacks, or that leads backwards */
export function edgeReader(layout: EdgeLayout): (name: string, at: string) => Edge {
  const sources = new Map(layout.nodes.map(({ name }, i) => [name, i]));
  const destinations = new Map(
    layout.destinations.map((_, destination) => [
      edgeName(layout, { source: 0, destination }).slice("input->".length),
      destination,
    ]),
  );
  return (name, at) => {
    const [from = "", to = ""] = name.split("->");
    const source = sources.get(from);
    const destination = destinations.get(to);
    const allowed = layout.destinations[destination ?? -1]?.sources ?? 0;
    if (source !== undefined && destination !== undefined && source < allowed) return { source, destination };
    throw new PatchbayError("not-found", `There is no edge "${name}" in this model.`, {
      expected: "an edge from a node to one that is computed after it, such as input->m0 or a0.h0->a1.h0<q>",
      received: name,
      at,
    });
  };
}
