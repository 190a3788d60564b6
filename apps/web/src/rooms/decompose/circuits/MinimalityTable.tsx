import { BarList, ExportMenu } from "@patchbay/charts/react";
import type { CircuitEvaluation } from "@patchbay/contract";
import { formatFigure } from "../../common/format-figure.ts";
import { Section } from "../../common/Section.tsx";
import styles from "../Decompose.module.css";

/** What the circuit loses with each of its parts; a part that loses nothing does not belong. */
export function MinimalityTable({ result }: { readonly result: CircuitEvaluation }) {
  const rows = result.minimality.toSorted((a, b) => Math.abs(b.change.mean) - Math.abs(a.change.mean));
  return (
    <Section
      title="Minimality: each part removed from the circuit"
      aside={
        <span className={styles.aside}>
          <span>M(C∖v) − M(C)</span>
          <ExportMenu
            name="circuit-minimality"
            table={() => ({
              header: ["part", "change of M", "low", "high", "normalised"],
              rows: rows.map(({ label, change, normalised }) => [
                label,
                change.mean,
                change.low,
                change.high,
                normalised,
              ]),
            })}
          />
        </span>
      }
    >
      <div className={styles.scroll}>
        <BarList
          label="Change of the metric without each part"
          signed
          extent={Math.abs(rows[0]?.change.mean ?? 1)}
          valueWidth={64}
          bars={rows.map(({ node, label, change, normalised }) => ({
            key: String(node),
            label: <span className="mono">{label}</span>,
            value: change.mean,
            text: formatFigure(change.mean),
            title: `${formatFigure(change.low)} to ${formatFigure(change.high)}${normalised === null ? "" : `; ${formatFigure(normalised)} of the model’s effect`}`,
          }))}
        />
      </div>
      {rows.length < result.labels.length && (
        <p className={styles.note}>
          The first {rows.length} of {result.labels.length} parts.
        </p>
      )}
    </Section>
  );
}
