/** The clamp of a feature: its first value, the range of its slider, and the patch that it is. */
import { type ErrorMode, nextCable, type Patch, type PatchOperation } from "@patchbay/workbench-state";
import type { ClampPositions, ClampUnit } from "../neuron/neuron-view.ts";
import type { FeatureClampOperation, FeatureView } from "./feature-view.ts";

export interface FeatureClamp {
  readonly dictionary: string;
  readonly feature: number;
  /** The layer at whose row the patch is drawn, and after which steering enters. */
  readonly layer: number;
  readonly operation: FeatureClampOperation;
  /** Of "set" in `unit`; a factor for "scale"; activation for "add" and "steer"; without meaning for "zero". */
  readonly value: number;
  readonly unit: ClampUnit;
  readonly error: ErrorMode;
  readonly positions: ClampPositions;
}

export interface FeatureScale {
  /** Largest activation in the unit index; undefined until it is indexed. */
  readonly maximum: number | undefined;
  /** Largest on the reader's own text. */
  readonly own: number;
}

/** Twice the maximum, as for neurons: strong, and most texts survive it. */
const FIRST_MULTIPLE = 2;

export function featureClamp(
  view: FeatureView,
  place: Pick<FeatureClamp, "dictionary" | "feature" | "layer">,
  scale: FeatureScale,
): FeatureClamp {
  const { operation, error, positions } = view;
  const unit = operation === "set" && scale.maximum !== undefined ? (view.unit ?? "maximum") : "absolute";
  const first = operation === "scale" || unit === "maximum" ? FIRST_MULTIPLE : twoDigits(FIRST_MULTIPLE * full(scale));
  return { ...place, operation, unit, value: view.value ?? first, error, positions };
}

/** Ends of the slider in the clamp's own unit. */
export function featureRange(
  { operation, unit, value }: Pick<FeatureClamp, "operation" | "unit" | "value">,
  scale: FeatureScale,
): { readonly low: number; readonly high: number; readonly step: number } {
  const one = operation === "scale" || unit === "maximum" ? 1 : full(scale);
  const step = 10 ** (Math.floor(Math.log10(one)) - 1);
  const rounded = (end: number) => Number((Math.round(end / step) * step).toPrecision(12));
  return { low: Math.min(rounded(-2 * one), value), high: Math.max(rounded(6 * one), value), step };
}

export function absoluteActivation(
  { value, unit }: Pick<FeatureClamp, "value" | "unit">,
  { maximum }: FeatureScale,
): number {
  return unit === "maximum" ? value * (maximum ?? 1) : value;
}

/** The same clamp as a patch of the bay. */
export function featurePatch(clamp: FeatureClamp): Patch {
  const { dictionary, feature, layer, error, positions } = clamp;
  const steers = clamp.operation === "steer";
  return {
    cable: nextCable([]),
    site: steers ? { kind: "hook_resid_post", layer } : { dictionary, layer, error },
    units: steers ? undefined : [feature],
    operation: operationOf(clamp),
    positions,
    muted: false,
  };
}

function operationOf({ operation, value, unit, dictionary, feature }: FeatureClamp): PatchOperation {
  switch (operation) {
    case "set":
      return { op: "set", value, unit };
    case "zero":
      return { op: "zero" };
    case "steer":
      return { op: "steer", value, dictionary, feature };
    default:
      return { op: operation, value };
  }
}

export const OPERATION_MEANINGS: Readonly<Record<FeatureClampOperation, string>> = {
  set: "sets the feature’s activation, firing or not",
  scale: "multiplies the activation where it fires",
  add: "adds to the activation",
  zero: "takes the feature away: what it wrote is missing",
  steer: "adds the decoder vector to the residual stream, whatever the encoder says",
};

export const ERROR_MEANINGS: Readonly<Record<ErrorMode, string>> = {
  keep: "x + (f′ − f)·W_dec: what the dictionary does not explain stays as it is in this run",
  drop: "decode(f′): what the dictionary does not explain is lost",
  freeze: "decode(f′) + the error of the run without any patch",
};

/** One unit of the axis: the maximum where it is known, else the largest value on the reader's text. */
function full({ maximum, own }: FeatureScale): number {
  return maximum !== undefined && maximum > 0 ? maximum : own || 1;
}

function twoDigits(value: number): number {
  return Number(value.toPrecision(2));
}
