import { formatFixed, formatProbability, formatSigned } from "../../../shell/ui/format-number.ts";
import { TokenChip } from "../../../shell/ui/TokenChip.tsx";
import styles from "./NextTokenTable.module.css";
import type { NextToken } from "./next-tokens.ts";

/** Probabilities before and after, their difference, and the swing from one to the other on a scale from 0 to 1. */
export function NextTokenTable({ rows }: { readonly rows: readonly NextToken[] }) {
  return (
    <table className={styles.next}>
      <thead>
        <tr>
          <th scope="col">token</th>
          <th scope="col">before</th>
          <th scope="col">after</th>
          <th scope="col">difference</th>
          <td style={{ width: "38%" }} />
        </tr>
      </thead>
      <tbody>
        {rows.map((row) => (
          <NextTokenRow key={row.id} row={row} />
        ))}
      </tbody>
    </table>
  );
}

function NextTokenRow({ row }: { readonly row: NextToken }) {
  const { before, after } = row;
  const difference = (after ?? 0) - (before ?? 0);
  const [low, high] = [Math.min(before ?? 0, after ?? 0), Math.max(before ?? 0, after ?? 0)];
  return (
    <tr data-followed={row.followed}>
      <td>
        <TokenChip text={row.text} tone={row.followed ? "heat" : "plain"} />
      </td>
      <td>{before === undefined ? atMost(row.below.before) : formatProbability(before)}</td>
      <td>{after === undefined ? atMost(row.below.after) : formatProbability(after)}</td>
      <td className={difference > 0.0005 ? styles.upText : difference < -0.0005 ? styles.downText : "quiet"}>
        {Math.abs(difference) < 0.0005 ? formatFixed(0, 3) : formatSigned(difference, 3)}
      </td>
      <td aria-hidden="true">
        <span className={styles.swing}>
          <i
            className={difference < 0 ? styles.down : styles.up}
            style={{ left: `${low * 100}%`, width: `${(high - low) * 100}%` }}
          />
          <u style={{ left: `calc(${(after ?? 0) * 100}% - 1px)` }} />
        </span>
      </td>
    </tr>
  );
}

/** The run lists its leaders only: for the rest it gives an upper bound. */
function atMost(probability: number) {
  return <span className="quiet">&lt; {formatProbability(probability)}</span>;
}
