/** A patch: one intervention as the workbench holds it, with the cable that shows it. */
import type { Intervention } from "@patchbay/contract";
import { describeSite, nameOf, type Site } from "@patchbay/vocabulary";

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
  | { readonly op: "replace"; readonly text: string };

export type PatchOperationName = PatchOperation["op"];
export const PATCH_OPERATIONS: readonly PatchOperationName[] = ["set", "add", "scale", "zero", "mean", "replace"];

export interface Patch {
  /** The colour, with a number when the colour is used again: "orange", "orange-2". Unique in a view. */
  readonly cable: string;
  readonly site: Site;
  /** Neurons, heads or residual dimensions; undefined is all of them. */
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
    site: nameOf(patch.site),
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
  return describeSite(patch.site.kind).unitAxis === "neuron" && patch.units !== undefined;
}

/**
 * The same patches with every patched neuron exchanged for a random one of its layer: the baseline that says whether it
 * matters *which* neuron. Undefined when no audible patch names neurons. The same seed draws the same neurons.
 */
export function randomBaseline(patches: readonly Patch[], neuronsPerLayer: number, seed: number): Patch[] | undefined {
  if (!patches.some((patch) => isNeuronPatch(patch) && !patch.muted)) return undefined;
  const random = generator(seed);
  return patches.map((patch) => {
    if (!isNeuronPatch(patch) || patch.units === undefined || patch.units.length >= neuronsPerLayer) return patch;
    const excluded = new Set(patch.units);
    const units = patch.units.map(() => {
      let unit = Math.floor(random() * neuronsPerLayer);
      while (excluded.has(unit)) unit = (unit + 1) % neuronsPerLayer;
      return unit;
    });
    return { ...patch, units: [...new Set(units)] };
  });
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
