import type { ReactNode } from "react";
import styles from "./ui.module.css";

export interface SegmentedOption<Value extends string> {
  readonly value: Value;
  readonly label: ReactNode;
  /** Why it cannot be chosen now; shown on hover. */
  readonly disabled?: string | undefined;
  readonly hint?: string;
}

/** One of a few. Arrow keys move, as in a group of radio buttons. */
export function Segmented<Value extends string>({
  label,
  value,
  options,
  onChange,
}: {
  readonly label: string;
  readonly value: Value;
  readonly options: readonly SegmentedOption<NoInfer<Value>>[];
  onChange(value: NoInfer<Value>): void;
}) {
  return (
    <fieldset className={styles.segmented}>
      <legend className="visually-hidden">{label}</legend>
      {options.map((option) => (
        <label key={option.value} title={option.disabled ?? option.hint} data-on={option.value === value}>
          <input
            type="radio"
            className="visually-hidden"
            name={label}
            checked={option.value === value}
            disabled={option.disabled !== undefined}
            onChange={() => onChange(option.value)}
          />
          {option.label}
        </label>
      ))}
    </fieldset>
  );
}
