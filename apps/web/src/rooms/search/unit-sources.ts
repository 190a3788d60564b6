/** Where units come from: every layer's neurons, every dictionary's features. */
import type { DictionarySummary, ModelSummary } from "@patchbay/contract";
import { siteName } from "@patchbay/vocabulary";
import { dictionaryLayer } from "../common/dictionary-layer.ts";

export interface UnitSourceFacts {
  readonly source: string;
  readonly name: string;
  readonly kind: "neuron" | "feature";
  readonly layer: number;
}

export function unitSources(
  { layers }: Pick<ModelSummary, "layers">,
  dictionaries: readonly DictionarySummary[],
): UnitSourceFacts[] {
  const neurons = Array.from({ length: layers }, (_, layer) => ({
    source: siteName("mlp.hook_post", layer),
    name: `L${layer} neurons`,
    kind: "neuron" as const,
    layer,
  }));
  const features = dictionaries.map((dictionary) => ({
    source: dictionary.name,
    name: dictionary.name,
    kind: "feature" as const,
    layer: dictionaryLayer(dictionary),
  }));
  return [...features, ...neurons];
}
