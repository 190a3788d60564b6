/** What a feature is connected to by weights, as the rows of its lists and of their table. */
import type { FeatureConnections } from "@patchbay/contract";

export type WeightConnection = FeatureConnections["inputs"]["direct"][number];
type Ranked = FeatureConnections["logits"]["promotes"];

/** "L2H3" */
export function headName({ layer, head }: { readonly layer: number; readonly head: number }): string {
  return `L${layer}H${head}`;
}

export function connectionKey({ dictionary, feature, head }: WeightConnection): string {
  return `${dictionary} ${feature} ${head === null ? "direct" : headName(head)}`;
}

/** Every list in one table, with what it speaks of in the first columns. */
export function connectionTable({ inputs, outputs, deEmbedding }: FeatureConnections): {
  readonly header: readonly string[];
  readonly rows: readonly (readonly (string | number)[])[];
} {
  const features = (list: string, connections: readonly WeightConnection[]) =>
    connections.map(({ dictionary, feature, factor, head }) => [
      list,
      head === null ? "direct" : headName(head),
      `${dictionary} F${feature}`,
      feature,
      factor,
    ]);
  const tokens = (through: string, ranked: Ranked) =>
    ranked.map(({ id, text, score }) => ["de-embedding", through, text, id, score]);
  return {
    header: ["list", "through", "name", "feature or token id", "factor"],
    rows: [
      ...features("input", [...inputs.direct, ...inputs.throughHeads]),
      ...features("output", [...outputs.direct, ...outputs.throughHeads]),
      ...tokens("direct", [...deEmbedding.direct.promotes, ...deEmbedding.direct.suppresses]),
      ...deEmbedding.heads.flatMap((head) =>
        tokens(headName(head), [...head.tokens.promotes, ...head.tokens.suppresses]),
      ),
    ],
  };
}

/** The features of all lists, by dictionary: what the unit index is asked about. */
export function featuresByDictionary({ inputs, outputs }: FeatureConnections): ReadonlyMap<string, readonly number[]> {
  const found = new Map<string, Set<number>>();
  for (const list of [inputs.direct, inputs.throughHeads, outputs.direct, outputs.throughHeads])
    for (const { dictionary, feature } of list)
      found.set(dictionary, (found.get(dictionary) ?? new Set<number>()).add(feature));
  return new Map([...found].map(([dictionary, features]) => [dictionary, [...features].sort((a, b) => a - b)]));
}
