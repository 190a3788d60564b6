/**
 * The local replacement model (Ameisen et al. 2025, as circuit-tracer computes it): which dictionary stands for which
 * layer's MLP, and whose features write to which layer.
 */
import { DICTIONARY_TENSORS, type Dictionary } from "@patchbay/dictionary";
import type { ModelShape } from "@patchbay/transformer";
import { ensureDefined, nameOf, PatchbayError, parseSite, type SiteKind } from "@patchbay/vocabulary";
import type { ModelParts } from "../run/model-parts.ts";

/** What a graph needs beside the model: the default set is the only one that is installed. */
export interface GraphParts extends ModelParts {
  readonly installedDictionaries: () => Promise<readonly Dictionary[]>;
}

/** Where a dictionary reads: behind the MLP's norm, or the residual stream itself. */
export type ReadingPlace = "normalised" | "resid_mid" | "resid_pre";

export interface ReplacementLayer {
  readonly layer: number;
  readonly dictionary: Dictionary;
  readonly reads: ReadingPlace;
  /** Layers whose MLP output the features write to, in the order of the dictionary's output sites. */
  readonly writes: readonly number[];
}

export interface ReplacementModel {
  readonly shape: ModelShape;
  /** By layer; undefined where there is no dictionary and the whole MLP output is error. */
  readonly layers: readonly (ReplacementLayer | undefined)[];
}

const READING_PLACES: Partial<Record<SiteKind, ReadingPlace>> = {
  "ln2.hook_normalized": "normalised",
  hook_resid_mid: "resid_mid",
  hook_resid_pre: "resid_pre",
};

/**
 * @param named a set, or names of dictionaries; undefined: the only set of transcoders that is installed.
 * @throws PatchbayError `not-found`, `invalid-request` (ambiguous, or two of one layer), `unsupported-model` (a dictionary
 *   that is no replacement of an MLP)
 */
export async function openReplacementModel(
  parts: GraphParts,
  named: string | readonly string[] | undefined,
): Promise<ReplacementModel> {
  const { shape } = parts.engine.model;
  if (shape.neurons === 0 || shape.direction !== "causal") {
    throw new PatchbayError("unsupported-model", "Attribution graphs are for causal models with MLPs.", {
      received: shape.neurons === 0 ? "a model of attention only" : "a model whose attention looks both ways",
      advice: "Patching and ablation work on every model.",
      at: "model",
    });
  }
  const layers: (ReplacementLayer | undefined)[] = Array.from({ length: shape.layers });
  for (const dictionary of await chosenDictionaries(parts, named)) {
    const found = replacementLayer(dictionary, shape);
    const other = layers[found.layer];
    if (other !== undefined) {
      throw new PatchbayError("invalid-request", `Two dictionaries stand for the MLP of layer ${found.layer}.`, {
        expected: "at most one a layer",
        received: `${other.dictionary.spec.name}, ${dictionary.spec.name}`,
        at: "dictionaries",
      });
    }
    layers[found.layer] = found;
  }
  return { shape, layers };
}

async function chosenDictionaries(
  { dictionaries, installedDictionaries }: GraphParts,
  named: string | readonly string[] | undefined,
): Promise<readonly Dictionary[]> {
  if (Array.isArray(named)) return Promise.all(named.map((name: string) => dictionaries.find(name)));
  const installed = await installedDictionaries();
  if (typeof named === "string") {
    const isSet = installed.some(({ spec }) => spec.set === named);
    return isSet ? dictionaries.ofSet(named) : [await dictionaries.find(named)];
  }
  const sets = new Set(installed.flatMap(({ spec }) => (spec.kind === "sae" || spec.set === null ? [] : [spec.set])));
  const [only, ...more] = sets;
  if (only !== undefined && more.length === 0) return dictionaries.ofSet(only);
  throw new PatchbayError("invalid-request", "It is not clear which transcoders stand for the MLPs.", {
    expected: "the name of a set of transcoders",
    received: sets.size === 0 ? "none is installed for this model" : `installed sets: ${[...sets].join(", ")}`,
    advice: "Give dictionaries: a set, or the names of one dictionary a layer.",
    at: "dictionaries",
  });
}

function replacementLayer(dictionary: Dictionary, shape: ModelShape): ReplacementLayer {
  const { spec } = dictionary;
  const refused = (expected: string, received: string) =>
    new PatchbayError("unsupported-model", `"${spec.name}" does not stand for an MLP.`, {
      expected,
      received,
      advice: "Attribution graphs are made with transcoders: they predict what an MLP writes from what it reads.",
      at: "dictionaries",
    });
  if (spec.kind === "sae") {
    throw refused("a transcoder or a cross-layer transcoder", `a sparse autoencoder of ${spec.inputSite}`);
  }
  const input = parseSite(spec.inputSite);
  const reads = READING_PLACES[input.kind];
  if (reads === undefined || input.layer === undefined) {
    throw refused("ln2.hook_normalized, hook_resid_mid or hook_resid_pre as input site", spec.inputSite);
  }
  const writes = spec.outputSites.map((name) => {
    const site = parseSite(name);
    if (site.kind !== "hook_mlp_out") throw refused("hook_mlp_out as output site", nameOf(site));
    return ensureDefined(site.layer);
  });
  const { layer } = input;
  if (writes[0] !== layer || layer >= shape.layers) {
    throw refused(`its own layer's MLP output first (blocks.${layer}.hook_mlp_out)`, spec.outputSites.join(", "));
  }
  return { layer, dictionary, reads, writes };
}

/** Whether the first position of a layer is not encoded: its MLP output is then a constant, counted with the biases. */
export function skipsFirst(layer: ReplacementLayer | undefined): boolean {
  return layer?.dictionary.spec.skipsFirstPosition === true;
}

/** Features of which layers write to this one, and as which of their outputs. */
export function writersTo(
  { layers }: ReplacementModel,
  layer: number,
): { readonly source: ReplacementLayer; readonly output: number }[] {
  return layers.flatMap((source) => {
    const output = source?.writes.indexOf(layer) ?? -1;
    return source === undefined || output < 0 ? [] : [{ source, output }];
  });
}

export function hasTensor({ dictionary }: ReplacementLayer, name: keyof typeof DICTIONARY_TENSORS): boolean {
  return dictionary.has(DICTIONARY_TENSORS[name]);
}
