/** What the Atlas shows, as the address has it. */
import type { MapVariant, NeuronListQuery, NeuronSide } from "@patchbay/contract";
import { numberIn, oneOf, type QueryChange } from "../common/query.ts";

export const SIDES = ["write", "gate", "up"] as const satisfies readonly NeuronSide[];
export const VARIANTS = ["folded", "raw", "cosine"] as const satisfies readonly MapVariant[];
export const MEASURES = ["peakedness", "entropy"] as const;
export type Measure = (typeof MEASURES)[number];
const SORTS = ["peakedness", "entropy", "gap", "norm", "maximum", "layer"] as const;

export interface AtlasView {
  readonly side: NeuronSide;
  readonly variant: MapVariant;
  readonly layer: number | undefined;
  /** Exact token text, or #id. */
  readonly token: string | undefined;
  readonly search: string | undefined;
  readonly sort: (typeof SORTS)[number];
  readonly order: "ascending" | "descending";
  readonly measure: Measure;
  /** Values of `measure`, low and high, inclusive. */
  readonly range: readonly [number, number] | undefined;
}

export function readAtlasView(get: (name: string) => string | undefined): AtlasView {
  const measure = oneOf(get("measure"), MEASURES, "peakedness");
  const [low, high] = (get("range") ?? "").split("~").map(numberIn);
  const range = low !== undefined && high !== undefined && low <= high ? ([low, high] as const) : undefined;
  return {
    side: oneOf(get("side"), SIDES, "write"),
    variant: oneOf(get("variant"), VARIANTS, "folded"),
    layer: numberIn(get("layer")),
    token: get("token"),
    search: get("search"),
    // A range is a stretch of the list sorted by its own measure.
    sort: range === undefined ? oneOf(get("sort"), SORTS, "peakedness") : measure,
    order: oneOf(get("order"), ["ascending", "descending"], "descending"),
    measure,
    range,
  };
}

export function listQueryOf({ side, variant, layer, token, search, sort, order }: AtlasView): NeuronListQuery {
  return {
    side,
    variant,
    sort,
    order,
    ...(layer !== undefined && { layer }),
    ...(token !== undefined && { token }),
    ...(search !== undefined && { search }),
  };
}

/** Sorting by another column leaves the chosen range, which belongs to its measure. */
export function sortChange(view: AtlasView, key: string, order: AtlasView["order"]): QueryChange {
  const leaves = view.range !== undefined && key !== view.measure;
  return { sort: key, order: order === "descending" ? undefined : order, ...(leaves && { range: undefined }) };
}

export function rangeText(range: readonly [number, number] | undefined): string | undefined {
  return range?.map((value) => Number(value.toPrecision(4))).join("~");
}

export const SIDE_MEANINGS: Readonly<Record<NeuronSide, string>> = {
  write: "what the neuron adds to the residual stream (its down column)",
  gate: "what opens the neuron (its gate row)",
  up: "what the neuron multiplies with the gate (its up row)",
};

export const VARIANT_MEANINGS: Readonly<Record<MapVariant, string>> = {
  folded: "vector × final norm’s weight, then LM head: closest to what the model sees",
  raw: "vector through the LM head alone, no norm weight",
  cosine: "raw, divided by the lengths of both vectors: direction only, −1 … 1",
};
