/** The clamp of the page: its patch, its range of values, and the doses that the curve is made of. */
import type { ClampPlace } from "@patchbay/contract";
import { nextCable, type Patch } from "@patchbay/workbench-state";
import type { ClampPositions, ClampUnit, NeuronView } from "./neuron-view.ts";

export interface Clamp {
  readonly layer: number;
  readonly neuron: number;
  readonly place: ClampPlace;
  readonly value: number;
  readonly unit: ClampUnit;
  readonly positions: ClampPositions;
}

export interface NeuronScale {
  /** Largest activation (mlp.hook_post) on the reference text, or undefined until measured. */
  readonly maximum: number | undefined;
  /** Length of the down column: an activation of 1 writes a vector of this length. */
  readonly writeNorm: number;
  /** Largest absolute values on the reader's own text. */
  readonly ownPost: number;
  readonly ownUp: number;
}

/** Twice the observed maximum, as in the specialised-neuron test: strong, and most texts survive it. */
const FIRST_MULTIPLE = 2;

export function clampOf(view: NeuronView, address: { layer: number; neuron: number }, scale: NeuronScale): Clamp {
  // Multiples are of the activation's maximum; the other places have no reference.
  const canMultiply = view.place === "post" && scale.maximum !== undefined;
  const unit = canMultiply ? (view.unit ?? "maximum") : "absolute";
  const first = unit === "maximum" ? FIRST_MULTIPLE : roundToStep(FIRST_MULTIPLE * fullScale(view.place, scale));
  return { ...address, place: view.place, unit, value: view.value ?? first, positions: view.positions };
}

/** One unit of the axis: the observed maximum where it is known, else the largest value on the reader's text. */
export function fullScale(place: ClampPlace, { maximum, writeNorm, ownPost, ownUp }: NeuronScale): number {
  const post = (maximum ?? ownPost) || 1;
  return { post, up: ownUp || 1, written: post * writeNorm }[place];
}

/** Ends of the slider in the clamp's own unit. */
export function sliderRange(
  clamp: Clamp,
  scale: NeuronScale,
): { readonly low: number; readonly high: number; readonly step: number } {
  const full = clamp.unit === "maximum" ? 1 : fullScale(clamp.place, scale);
  const step = 10 ** (Math.floor(Math.log10(full)) - 1);
  const low = roundTo(-2 * full, step);
  const high = roundTo(6 * full, step);
  return { low: Math.min(low, clamp.value), high: Math.max(high, clamp.value), step };
}

const DOSES = 25;

/** Absolute clamp values from one end of the slider to the other, zero among them. */
export function dosesOf(clamp: Clamp, scale: NeuronScale): number[] {
  const unit = clamp.unit === "maximum" ? (scale.maximum ?? 1) : 1;
  const { low, high } = sliderRange(clamp, scale);
  const doses = Array.from({ length: DOSES }, (_, i) => (low + ((high - low) * i) / (DOSES - 1)) * unit);
  return [...new Set([...doses, 0].map((dose) => Number(dose.toPrecision(6))))].sort((a, b) => a - b);
}

export function absoluteValue({ value, unit }: Clamp, { maximum }: NeuronScale): number {
  return unit === "maximum" ? value * (maximum ?? 1) : value;
}

/** In the unit of the clamp, from an absolute value. */
export function valueInUnit(absolute: number, { unit }: Clamp, { maximum }: NeuronScale): number {
  return Number((unit === "maximum" ? absolute / (maximum ?? 1) : absolute).toPrecision(5));
}

/**
 * The same clamp as a patch of the bay. "written" names the length of the vector that the neuron adds; the activation that
 * gives it is that length over the column's own.
 */
export function patchOf(clamp: Clamp, scale: NeuronScale): Patch {
  const { layer, neuron, place, value, unit, positions } = clamp;
  const written = place === "written";
  return {
    cable: nextCable([]),
    site: { kind: place === "up" ? "mlp.hook_pre_linear" : "mlp.hook_post", layer },
    units: [neuron],
    operation: { op: "set", value: written ? value / scale.writeNorm : value, unit: written ? "absolute" : unit },
    positions,
    muted: false,
  };
}

export const PLACE_MEANINGS: Readonly<Record<ClampPlace, string>> = {
  post: "sets the activation, act(gate) × up: the gate has no say",
  up: "sets the up projection; the gate still opens and closes it",
  written: "sets the length of the vector that the neuron adds to the residual stream",
};

function roundToStep(value: number): number {
  return Number(value.toPrecision(2));
}

function roundTo(value: number, step: number): number {
  return Number((Math.round(value / step) * step).toPrecision(12));
}
