/** What resolving an intervention needs to know, and the place that every intervention names. */
import type { RunInput } from "@patchbay/contract";
import type { Dictionary } from "@patchbay/dictionary";
import { axisLengthOf, type Engine, type SiteEdit } from "@patchbay/transformer";
import { type AxisName, describeSite, PatchbayError } from "@patchbay/vocabulary";
import type { ResolvedInput } from "./resolve-input.ts";

export interface InterventionContext {
  readonly engine: Engine;
  readonly input: ResolvedInput;
  /** Positions that may be generated behind the prompt. */
  readonly generated: number;
  readonly resolveInput: (input: RunInput) => ResolvedInput;
  /** Largest activation of a neuron on the reference text, if it has been measured. */
  readonly maximumOf: (layer: number, neuron: number) => Promise<number>;
  readonly dictionaries: DictionaryLookup;
  readonly signal: AbortSignal;
}

/** The dictionaries of the model, for requests that name them. */
export interface DictionaryLookup {
  /** @throws PatchbayError `not-found` with the nearest names */
  find(name: string): Promise<Dictionary>;
  /** In the order of their layers. */
  ofSet(set: string): Promise<readonly Dictionary[]>;
  /** Largest activation in the unit index. @throws PatchbayError `not-ready` where it is not indexed */
  maximumOf(dictionary: Dictionary, feature: number): Promise<number>;
}

export type Place = Pick<SiteEdit, "site" | "rows" | "positions" | "units" | "dimensions">;

export function selectedCounts(place: Place, { engine, input }: InterventionContext) {
  const { axes, unitAxis, detailAxis } = describeSite(place.site.kind);
  const { shape } = engine.model;
  const length = (axis: AxisName | undefined): number =>
    axis === undefined ? 1 : axis === "key" ? input.length : (axisLengthOf(shape, axis) ?? 1);
  const positions =
    place.positions === "all" ? input.length : Array.isArray(place.positions) ? place.positions.length : undefined;
  return {
    axes,
    positions,
    units: place.units === "all" ? length(unitAxis) : place.units.length,
    dimensions: place.dimensions === "all" ? length(detailAxis) : place.dimensions.length,
  };
}

export function finite(value: number): number {
  if (Number.isFinite(Math.fround(value))) return value;
  throw new PatchbayError("not-finite", "The value is not a finite float32 number.", {
    received: String(value),
    at: "value",
  });
}
