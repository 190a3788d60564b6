import { type CSSProperties, useId } from "react";
import { Segmented } from "../../shell/ui/Segmented.tsx";
import { useDraft } from "../common/use-draft.ts";
import styles from "./Neuron.module.css";

/** The value in multiples of the unit's maximum, where that is known. */
export interface ClampMultiple {
  readonly on: boolean;
  absolute(value: number): number;
  /** Why the unit cannot be changed now. */
  readonly refusal: string | undefined;
  /** To the other unit; `value` is the present one, in the present unit. */
  onChange(value: number): void;
}

/** How strong a clamp is: a slider, an exact number, and its unit. */
export function ClampValue({
  value: committed,
  onValue,
  range: { low, high, step },
  quantity,
  note,
  multiple,
}: {
  readonly value: number;
  onValue(value: number): void;
  readonly range: { readonly low: number; readonly high: number; readonly step: number };
  /** What the number is: "activation". */
  readonly quantity: string;
  readonly note: string;
  readonly multiple?: ClampMultiple;
}) {
  const id = useId();
  const [value, setValue] = useDraft(committed, onValue, 130);
  const inMultiples = multiple?.on === true;
  return (
    <div className={styles.control}>
      <span className={styles.controlLabel}>
        <label htmlFor={id}>Value</label>
        <span className="quiet">{inMultiples ? `= ${signed(multiple.absolute(value))}` : quantity}</span>
      </span>
      <input
        type="range"
        className={styles.slider}
        aria-label="Clamp value"
        aria-valuetext={`${signed(value)} ${inMultiples ? "times the maximum" : quantity}`}
        min={low}
        max={high}
        step={step}
        value={value}
        style={{ "--share": `${((value - low) / (high - low)) * 100}%` } as CSSProperties}
        onChange={(event) => setValue(Number(event.target.value))}
      />
      <span className={styles.value}>
        <input
          id={id}
          type="number"
          step={step}
          value={value}
          onChange={(event) => event.target.value !== "" && setValue(Number(event.target.value))}
        />
        {multiple !== undefined && (
          <Segmented
            label="Unit of the value"
            value={inMultiples ? "maximum" : "absolute"}
            options={[
              { value: "maximum", label: "× maximum", disabled: multiple.refusal },
              { value: "absolute", label: "absolute" },
            ]}
            onChange={() => multiple.onChange(value)}
          />
        )}
      </span>
      <p>{note}</p>
    </div>
  );
}

function signed(value: number): string {
  return String(Number(value.toPrecision(4))).replace("-", "−");
}
