/** Dictionaries as the API shows them. */
import type { DictionaryPage, DictionaryQuality, DictionarySummary, SetQuality } from "@patchbay/contract";
import type { Dictionary, FeatureActivation } from "@patchbay/dictionary";
import { parseSite } from "@patchbay/vocabulary";

export function summariseDictionary(
  { spec, hash, bundled }: Dictionary,
  quality: DictionaryQuality | null,
): DictionarySummary {
  return {
    name: spec.name,
    set: spec.set,
    kind: spec.kind,
    description: spec.description,
    layer: parseSite(spec.inputSite).layer ?? 0,
    inputSite: spec.inputSite,
    outputSites: [...spec.outputSites],
    inputWidth: spec.inputWidth,
    outputWidth: spec.outputWidth,
    features: spec.features,
    activation: activationName(spec.activation),
    skip: spec.skip,
    hash,
    bundled,
    licence: spec.licence,
    source: { ...spec.source, notes: [...spec.source.notes] },
    quality,
  };
}

function activationName(activation: FeatureActivation): string {
  return "k" in activation ? `${activation.kind}(${activation.k})` : activation.kind;
}

export interface StoredQuality {
  readonly quality: DictionaryQuality;
  readonly set: SetQuality | null;
}

/** Dictionaries of one recipe and different seeds: same sites, size and activation, in one set. */
export function seedsOf({ spec }: Dictionary, all: readonly Dictionary[]): Dictionary[] {
  return all.filter(
    (other) =>
      spec.set !== null &&
      other.spec.set === spec.set &&
      other.spec.name !== spec.name &&
      other.spec.inputSite === spec.inputSite &&
      other.spec.outputSites.join() === spec.outputSites.join() &&
      other.spec.features === spec.features &&
      other.spec.activation.kind === spec.activation.kind,
  );
}

/** What a reader must know before believing a dictionary, from its own numbers. */
export function caveatsOf({ spec }: Dictionary, quality: DictionaryQuality | null): string[] {
  const caveats: string[] = [];
  if (quality === null) {
    caveats.push("Its quality has not been measured on this model: nothing is known of what it leaves out.");
  } else {
    const { unexplained, deadShare, l0, loss } = quality;
    caveats.push(
      `It leaves ${percent(unexplained)} of the variance of ${spec.outputSites[0]} unexplained; that part stands beside its features as the error term.`,
    );
    if (loss.recoveredAgainstMean < 0.95) {
      caveats.push(
        `Splicing it in costs ${(loss.spliced - loss.original).toFixed(3)} nats a token: ${percent(1 - loss.recoveredAgainstMean)} of what replacing the site by its mean costs.`,
      );
    }
    if (deadShare > 0.05)
      caveats.push(`${percent(deadShare)} of its features never fired on ${quality.tokens} tokens.`);
    if (l0 > 0.1 * spec.features) {
      caveats.push(`On average ${l0.toFixed(0)} of ${spec.features} features fire at once, which is not sparse.`);
    }
  }
  if (spec.skip) {
    caveats.push("A linear skip connection carries part of its output; that part belongs to no feature.");
  }
  if (spec.skipsFirstPosition)
    caveats.push("The first position (BOS) is not encoded: it has no features and is left as it is.");
  caveats.push("Its features are those of one training run; another seed finds others (see the comparison of seeds).");
  return caveats;
}

function percent(share: number): string {
  return `${(100 * share).toFixed(share < 0.1 ? 1 : 0)} %`;
}

export function pageOf(
  dictionary: Dictionary,
  all: readonly Dictionary[],
  stored: StoredQuality | undefined,
  indexed: boolean,
): DictionaryPage {
  const quality = stored?.quality ?? null;
  return {
    ...summariseDictionary(dictionary, quality),
    training: dictionary.spec.training === null ? null : { ...dictionary.spec.training },
    setQuality: stored?.set ?? null,
    seeds: seedsOf(dictionary, all).map(({ spec }) => spec.name),
    indexed,
    caveats: caveatsOf(dictionary, quality),
  };
}
