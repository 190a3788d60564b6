/** What the feature page shows, as the address has it. */
import { ERROR_MODES, type ErrorMode } from "@patchbay/workbench-state";
import { numberIn, oneOf } from "../common/query.ts";
import { type ClampPositions, type ClampUnit, readPositions } from "../neuron/neuron-view.ts";

/** "steer" adds the decoder vector to the residual stream; the others edit the feature inside its dictionary. */
export const FEATURE_CLAMPS = ["set", "scale", "add", "zero", "steer"] as const;
export type FeatureClampOperation = (typeof FEATURE_CLAMPS)[number];

export interface FeatureView {
  /** undefined: the last prompt of the Trace room, or the model's first example. */
  readonly text: string | undefined;
  readonly operation: FeatureClampOperation;
  /** undefined: the page's own choice, which depends on what is known of the feature. */
  readonly value: number | undefined;
  readonly unit: ClampUnit | undefined;
  readonly error: ErrorMode;
  readonly positions: ClampPositions;
  readonly temperature: number;
  readonly seed: number;
}

export function readFeatureView(get: (name: string) => string | undefined): FeatureView {
  return {
    text: get("text"),
    operation: oneOf(get("op"), FEATURE_CLAMPS, "set"),
    value: numberIn(get("value")),
    unit: (["absolute", "maximum"] as const).find((unit) => unit === get("unit")),
    error: oneOf(get("error"), ERROR_MODES, "keep"),
    positions: readPositions(get("positions")) ?? "all",
    temperature: Math.min(10, Math.max(0, numberIn(get("temperature")) ?? 0)),
    seed: Math.max(0, Math.floor(numberIn(get("seed")) ?? 0)),
  };
}
