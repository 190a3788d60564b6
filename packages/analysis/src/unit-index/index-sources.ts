/** What can be indexed: the neurons of a layer, or a dictionary. */
import type { Dictionary } from "@patchbay/dictionary";
import type { TransformerModel } from "@patchbay/transformer";
import { parseSite, type Site, siteName } from "@patchbay/vocabulary";
import type { UnitKind } from "./source-index.ts";

export interface IndexedSource {
  readonly name: string;
  readonly hash: string;
  readonly kind: UnitKind;
  readonly layer: number;
  readonly units: number;
  /** Where activations are read: the neurons themselves, or what the dictionary reads. */
  readonly site: Site;
  readonly dictionary?: Dictionary;
}

/** One source a layer; none where blocks are attention only. */
export function neuronSources({ hash, shape }: TransformerModel): IndexedSource[] {
  if (shape.neurons === 0) return [];
  return Array.from({ length: shape.layers }, (_, layer) => ({
    name: siteName("mlp.hook_post", layer),
    hash,
    kind: "neuron",
    layer,
    units: shape.neurons,
    site: { kind: "mlp.hook_post", layer },
  }));
}

export function dictionarySource(dictionary: Dictionary): IndexedSource {
  const { name, features, inputSite } = dictionary.spec;
  const site = parseSite(inputSite);
  return { name, hash: dictionary.hash, kind: "feature", layer: site.layer ?? 0, units: features, site, dictionary };
}
