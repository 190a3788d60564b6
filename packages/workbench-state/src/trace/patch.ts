/** A patch: one intervention as the workbench holds it, with the cable that shows it. */
import type { Intervention } from "@patchbay/contract";
import { describeSite } from "@patchbay/vocabulary";
import { readDirection } from "./direction-text.ts";
import { isDictionarySite, type PatchSite, siteOfIntervention } from "./patch-site.ts";

export const CABLE_COLOURS = ["orange", "teal", "magenta", "gold", "violet", "red"] as const;
export type CableColour = (typeof CABLE_COLOURS)[number];

/** "all" counts generated positions too; "generated" is only those. */
export type PatchPositions = "all" | "last" | "generated" | readonly number[];

export type PatchOperation =
  /** `unit` "maximum": a multiple of the neuron's largest activation on the reference text. */
  | { readonly op: "set"; readonly value: number; readonly unit: "absolute" | "maximum" }
  | { readonly op: "add"; readonly value: number }
  | { readonly op: "scale"; readonly value: number }
  | { readonly op: "zero" }
  | { readonly op: "mean" }
  /** The values that the same site has when the model reads this text. */
  | { readonly op: "replace"; readonly text: string }
  /** Dictionaries only: the site's value becomes the dictionary's output. */
  | { readonly op: "splice" }
  /** Hook sites only: adds `value` times the feature's decoder vector. */
  | { readonly op: "steer"; readonly value: number; readonly dictionary: string; readonly feature: number }
  /** Hook sites only: adds `value` times a unit vector, which has a name and is written as in `direction-text.ts`. */
  | { readonly op: "direction"; readonly value: number; readonly name: string; readonly vector: string };

export type PatchOperationName = PatchOperation["op"];
/** What the panel offers at a hook site; steering comes from a feature, which it names. */
export const PATCH_OPERATIONS: readonly PatchOperationName[] = ["set", "add", "scale", "zero", "mean", "replace"];
/** What the panel offers at a dictionary. */
export const FEATURE_OPERATIONS: readonly PatchOperationName[] = ["set", "add", "scale", "zero", "splice"];

export interface Patch {
  /** The colour, with a number when the colour is used again: "orange", "orange-2". Unique in a view. */
  readonly cable: string;
  readonly site: PatchSite;
  /** Neurons, heads, residual dimensions or features; undefined is all of them. */
  readonly units: readonly number[] | undefined;
  readonly operation: PatchOperation;
  readonly positions: PatchPositions;
  readonly muted: boolean;
}

export function cableColour(cable: string): CableColour {
  const name = cable.replace(/-\d+$/, "");
  return CABLE_COLOURS.find((colour) => colour === name) ?? "orange";
}

/** The first colour that is free; when all are used, the next number of the least used. */
export function nextCable(used: readonly { readonly cable: string }[]): string {
  const taken = new Set(used.map(({ cable }) => cable));
  for (let round = 1; ; round++) {
    for (const colour of CABLE_COLOURS) {
      const cable = round === 1 ? colour : `${colour}-${round}`;
      if (!taken.has(cable)) return cable;
    }
  }
}

/**
 * The intervention of a patch in a request, or undefined where it has none: muted, or (in a run, which has no generated
 * positions) meant for generated positions only.
 */
export function interventionOf(patch: Patch, purpose: "run" | "generation"): Intervention | undefined {
  if (patch.muted || (purpose === "run" && patch.positions === "generated")) return undefined;
  const { operation, positions } = patch;
  const place = {
    site: siteOfIntervention(patch.site),
    ...(isDictionarySite(patch.site) ? { error: patch.site.error } : {}),
    ...(patch.units === undefined ? {} : { units: [...patch.units] }),
    positions: typeof positions === "string" ? positions : [...positions],
  };
  switch (operation.op) {
    case "set":
      return {
        ...place,
        op: "set",
        value: operation.value,
        ...(operation.unit === "maximum" ? { unit: "maximum" } : {}),
      };
    case "add":
    case "scale":
      return { ...place, op: operation.op, value: operation.value };
    case "steer": {
      const { value, dictionary, feature } = operation;
      return { ...place, op: "add", direction: { dictionary, feature }, coefficient: value };
    }
    case "direction":
      return { ...place, op: "add", values: readDirection(operation.vector) ?? [], coefficient: operation.value };
    case "replace":
      return {
        ...place,
        op: "replace",
        from: { input: { text: operation.text } },
        // The last position of this prompt takes the last of the other, whatever their lengths.
        ...(positions === "last" ? { fromPositions: [-1] } : {}),
      };
    default:
      return { ...place, op: operation.op };
  }
}

export function interventionsOf(patches: readonly Patch[], purpose: "run" | "generation"): Intervention[] {
  return patches.map((patch) => interventionOf(patch, purpose)).filter((intervention) => intervention !== undefined);
}

export function isNeuronPatch(patch: Patch): boolean {
  if (isDictionarySite(patch.site) || patch.units === undefined) return false;
  return describeSite(patch.site.kind).unitAxis === "neuron";
}

export function isFeaturePatch(patch: Patch): boolean {
  return isDictionarySite(patch.site) && patch.units !== undefined;
}

/**
 * The same patches with every patched neuron exchanged for a random one of its layer, and every feature for a random one
 * of its dictionary: the baseline that says whether it matters *which* unit. Undefined when no audible patch names units
 * whose number is known. The same seed draws the same units.
 *
 * @param featuresOf how many features a dictionary has; undefined where that is not known.
 */
export function randomBaseline(
  patches: readonly Patch[],
  neuronsPerLayer: number,
  seed: number,
  featuresOf: (dictionary: string) => number | undefined = () => undefined,
): Patch[] | undefined {
  const random = generator(seed);
  let drawn = false;
  const exchanged = patches.map((patch) => {
    const count = unitsToDrawFrom(patch, neuronsPerLayer, featuresOf);
    if (count === undefined || patch.units === undefined) return patch;
    drawn ||= !patch.muted;
    if (patch.units.length >= count) return patch;
    const excluded = new Set(patch.units);
    const units = patch.units.map(() => {
      let unit = Math.floor(random() * count);
      while (excluded.has(unit)) unit = (unit + 1) % count;
      return unit;
    });
    return { ...patch, units: [...new Set(units)] };
  });
  return drawn ? exchanged : undefined;
}

function unitsToDrawFrom(
  patch: Patch,
  neuronsPerLayer: number,
  featuresOf: (dictionary: string) => number | undefined,
): number | undefined {
  if (isNeuronPatch(patch)) return neuronsPerLayer;
  return isDictionarySite(patch.site) ? featuresOf(patch.site.dictionary) : undefined;
}

/** mulberry32: small, and the same on every machine. */
function generator(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}
