/** Circuits of the same kinds and numbers as a given one, drawn from the universe. */
import type { CircuitNode } from "@patchbay/contract";
import type { ModelShape } from "@patchbay/transformer";
import { ensureDefined } from "@patchbay/vocabulary";
import { type Random, shuffle } from "../training/random.ts";
import { partLabel } from "./circuit-nodes.ts";
import type { Universe } from "./universe.ts";

export interface DrawingPool {
  readonly heads: readonly CircuitNode[];
  readonly mlps: readonly CircuitNode[];
  readonly neurons: { readonly layers: readonly number[]; readonly each: number };
  readonly features: readonly CircuitNode[];
  readonly tokens: readonly CircuitNode[];
}

/**
 * `firing`: by dictionary, the features that fire on an example. Others change nothing when they are ablated to zero, so a
 * random circuit of them would be no baseline.
 */
export function drawingPool(
  { sites, dictionaries }: Universe,
  shape: ModelShape,
  firing: readonly ReadonlySet<number>[],
  positions: readonly number[],
): DrawingPool {
  const layersOf = (kind: string) => sites.flatMap((site) => (site.kind === kind ? [site.layer] : []));
  return {
    heads: layersOf("head").flatMap((layer) =>
      Array.from({ length: shape.heads }, (_, head) => ({ kind: "head" as const, layer, head })),
    ),
    mlps: [...new Set([...layersOf("mlp"), ...layersOf("neuron")])].map((layer) => ({ kind: "mlp" as const, layer })),
    neurons: { layers: layersOf("neuron"), each: shape.neurons },
    features: dictionaries.flatMap(({ dictionary }, d) =>
      [...(firing[d] ?? [])]
        .sort((a, b) => a - b)
        .map((feature) => ({ kind: "feature" as const, dictionary: dictionary.spec.name, feature })),
    ),
    tokens: positions.map((position) => ({ kind: "token" as const, position })),
  };
}

/** Each node is replaced by another of its kind, at the same positions; no part comes twice. Fewer where the pool is small. */
export function drawCircuit(nodes: readonly CircuitNode[], pool: DrawingPool, random: Random): CircuitNode[] {
  const drawn: CircuitNode[] = [];
  const takeFrom = (kind: CircuitNode["kind"], from: readonly CircuitNode[]) => {
    const wanted = nodes.filter((node) => node.kind === kind);
    const order = shuffle(
      from.map((_, i) => i),
      random,
    );
    wanted.slice(0, order.length).forEach((node, i) => {
      drawn.push(withPositionsOf(ensureDefined(from[order[i] ?? 0]), node));
    });
  };
  takeFrom("head", pool.heads);
  takeFrom("mlp", pool.mlps);
  takeFrom("feature", pool.features);
  takeFrom("token", pool.tokens);
  const { layers, each } = pool.neurons;
  const taken = new Set<string>();
  for (const node of nodes.filter(({ kind }) => kind === "neuron").slice(0, layers.length * each)) {
    for (;;) {
      const layer = ensureDefined(layers[random.integer(layers.length)]);
      const neuron = { kind: "neuron" as const, layer, neuron: random.integer(each) };
      if (taken.has(partLabel(neuron))) continue;
      taken.add(partLabel(neuron));
      drawn.push(withPositionsOf(neuron, node));
      break;
    }
  }
  return drawn;
}

function withPositionsOf(part: CircuitNode, node: CircuitNode): CircuitNode {
  if (part.kind === "token" || node.kind === "token" || node.positions === undefined) return part;
  return { ...part, positions: node.positions };
}
