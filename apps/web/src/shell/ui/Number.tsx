import { formatFixed, formatSigned } from "./format-number.ts";
import styles from "./ui.module.css";

/** A number in a column; its unit stands in the heading or after it. */
export function NumberText({
  value,
  places = 2,
  signed = false,
  unit,
}: {
  readonly value: number;
  readonly places?: number;
  readonly signed?: boolean;
  readonly unit?: string;
}) {
  return (
    <span className={styles.number} title={`${value}${unit === undefined ? "" : ` ${unit}`}`}>
      {signed ? formatSigned(value, places) : formatFixed(value, places)}
      {unit !== undefined && <small> {unit}</small>}
    </span>
  );
}
