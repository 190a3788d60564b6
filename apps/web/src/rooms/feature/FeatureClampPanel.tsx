import { ERROR_MODES } from "@patchbay/workbench-state";
import { Segmented } from "../../shell/ui/Segmented.tsx";
import common from "../common/common.module.css";
import { formatFigure } from "../common/format-figure.ts";
import type { Query } from "../common/query.ts";
import { ClampPositions } from "../neuron/ClampPositions.tsx";
import { ClampValue } from "../neuron/ClampValue.tsx";
import styles from "../neuron/Neuron.module.css";
import { writePositions } from "../neuron/neuron-view.ts";
import {
  absoluteActivation,
  ERROR_MEANINGS,
  type FeatureClamp,
  type FeatureScale,
  featureRange,
  OPERATION_MEANINGS,
} from "./feature-clamp.ts";
import { FEATURE_CLAMPS } from "./feature-view.ts";

const QUANTITIES = {
  set: "activation",
  scale: "times",
  add: "activation",
  zero: "",
  steer: "decoder vectors",
} as const;

/** The patch on this feature: what is done to it, how much, where, and what becomes of the error. */
export function FeatureClampPanel({
  clamp,
  scale,
  query,
}: {
  readonly clamp: FeatureClamp;
  readonly scale: FeatureScale;
  readonly query: Query;
}) {
  const { operation, error } = clamp;
  const note =
    scale.maximum === undefined
      ? "corpus maximum not measured: no unit index"
      : `maximum in the corpus ${formatFigure(scale.maximum)}`;
  return (
    <div className={styles.controls}>
      <h2 className="section-title">
        <span className={common.sectionName}>
          <span className={styles.jack} aria-hidden="true" />
          Clamp and steer
        </span>
      </h2>
      <div className={styles.control}>
        <Segmented
          label="Operation"
          value={operation}
          options={FEATURE_CLAMPS.map((op) => ({ value: op, label: op, hint: OPERATION_MEANINGS[op] }))}
          onChange={(op) => query.set({ op: op === "set" ? undefined : op, value: undefined, unit: undefined })}
        />
        <p>{OPERATION_MEANINGS[operation]}</p>
      </div>
      {operation !== "zero" && (
        <ClampValue
          value={clamp.value}
          onValue={(next) => query.set({ value: String(next), unit: operation === "set" ? clamp.unit : undefined })}
          range={featureRange(clamp, scale)}
          quantity={QUANTITIES[operation]}
          note={note}
          {...(operation === "set"
            ? {
                multiple: {
                  on: clamp.unit === "maximum",
                  absolute: (value: number) => absoluteActivation({ ...clamp, value }, scale),
                  refusal: scale.maximum === undefined ? "Only where the unit index knows the maximum" : undefined,
                  onChange: (value: number) => query.set(otherUnit(value, clamp, scale)),
                },
              }
            : {})}
        />
      )}
      <ClampPositions
        positions={clamp.positions}
        onChange={(positions) => query.set({ positions: positions === "all" ? undefined : writePositions(positions) })}
      />
      {operation !== "steer" && (
        <div className={styles.control}>
          <span className={styles.controlLabel}>Error term</span>
          <Segmented
            label="Error term"
            value={error}
            options={ERROR_MODES.map((mode) => ({ value: mode, label: mode, hint: ERROR_MEANINGS[mode] }))}
            onChange={(mode) => query.set({ error: mode === "keep" ? undefined : mode })}
          />
          <p>{ERROR_MEANINGS[error]}</p>
        </div>
      )}
    </div>
  );
}

function otherUnit(value: number, clamp: FeatureClamp, scale: FeatureScale) {
  const absolute = absoluteActivation({ ...clamp, value }, scale);
  return clamp.unit === "maximum"
    ? { unit: "absolute", value: String(Number(absolute.toPrecision(5))) }
    : { unit: "maximum", value: String(Number((absolute / (scale.maximum ?? 1)).toPrecision(5))) };
}
