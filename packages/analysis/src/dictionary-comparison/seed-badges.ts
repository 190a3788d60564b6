/** "Found in m of n seeds" for every feature of a dictionary, kept as an artefact (Paulo & Belrose 2025, A5). */
import type { Dictionary } from "@patchbay/dictionary";
import { decodeSafetensors, type Engine, encodeSafetensors } from "@patchbay/transformer";
import { ensureDefined, PatchbayError, tensor } from "@patchbay/vocabulary";
import type { WorkContext } from "../model-service.ts";
import { DEFAULT_THRESHOLD, firesByDensity } from "./compare-dictionaries.ts";
import { checkComparable, everyFeature, unitRows } from "./feature-vectors.ts";
import { bestPartners } from "./similarity.ts";

export interface SeedBadges {
  /** [feature]: in how many of the other dictionaries some living feature is its partner. */
  readonly found: Uint8Array;
  /** How many others there were. */
  readonly seeds: number;
  /** From this mean cosine of encoder and decoder on two features are partners. */
  readonly threshold: number;
}

const FORMAT = "patchbay-seed-badges-1";

/**
 * Each other dictionary is searched by itself: several features may share one partner.
 * @throws PatchbayError `values-do-not-fit` where an other dictionary has other widths, `cancelled`
 */
export async function seedBadges(
  engine: Engine,
  dictionary: Dictionary,
  others: readonly Dictionary[],
  threshold: number | undefined,
  context: WorkContext,
): Promise<SeedBadges> {
  const { features } = dictionary.spec;
  const limit = threshold ?? DEFAULT_THRESHOLD;
  const found = new Uint8Array(features);
  const own = await unitRows(dictionary, "both", everyFeature(features));
  for (const [i, other] of others.entries()) {
    context.progress?.(i / others.length, `looking for partners in ${other.spec.name}`);
    checkComparable(dictionary, other, "both");
    const alive = await firesByDensity(other);
    const living = everyFeature(other.spec.features).filter((feature) => alive?.[feature] !== 0);
    if (living.length === 0) continue;
    const { similarities } = await bestPartners(engine, own, await unitRows(other, "both", living), context);
    for (const [feature, similarity] of similarities.entries()) {
      if (similarity >= limit) found[feature] = (found[feature] ?? 0) + 1;
    }
  }
  context.progress?.(1, `${features} features looked for in ${others.length} other dictionaries`);
  return { found, seeds: others.length, threshold: limit };
}

export function encodeSeedBadges({ found, seeds, threshold }: SeedBadges): Uint8Array {
  return encodeSafetensors([["found", tensor(["feature"], [found.length], found)]], {
    format: FORMAT,
    seeds: String(seeds),
    threshold: String(threshold),
  });
}

/** @throws PatchbayError `damaged-file` */
export function decodeSeedBadges(bytes: Uint8Array): SeedBadges {
  const { tensors, metadata } = decodeSafetensors(bytes, "The seed badges");
  const found = tensors.get("found")?.data;
  if (metadata["format"] !== FORMAT || !(found instanceof Uint8Array)) {
    throw new PatchbayError("damaged-file", "The file holds no seed badges.", {
      expected: FORMAT,
      received: metadata["format"] ?? "no format",
    });
  }
  return {
    found,
    seeds: Number(ensureDefined(metadata["seeds"])),
    threshold: Number(ensureDefined(metadata["threshold"])),
  };
}
