import { IntervalBars } from "@patchbay/charts/react";
import type { DictionaryQuality } from "@patchbay/contract";
import { useRef } from "react";
import { formatSigned } from "../../shell/ui/format-number.ts";
import common from "../common/common.module.css";
import { Section } from "../common/Section.tsx";
import styles from "./Dictionaries.module.css";
import { nats, percent } from "./dictionary-words.ts";
import { Exports } from "./Exports.tsx";

/** The model's loss with the site as it is, and in three ways replaced. */
export function LossTable({ name, quality }: { readonly name: string; readonly quality: DictionaryQuality }) {
  const figure = useRef<HTMLDivElement>(null);
  const { loss } = quality;
  const rows = [
    { name: "original", value: loss.original, meaning: "nothing replaced" },
    { name: "spliced", value: loss.spliced, meaning: "x replaced by the dictionary's output, the error dropped" },
    { name: "mean ablation", value: loss.mean, meaning: "x replaced by its mean over the measured tokens" },
    { name: "zero ablation", value: loss.zero, meaning: "x replaced by 0" },
  ] as const;
  const table = () => ({
    header: ["run", "loss, nats a token", "above original", "meaning"],
    rows: rows.map((row) => [row.name, row.value, row.value - loss.original, row.meaning]),
  });
  return (
    <Section
      title="Loss"
      aside={
        <>
          mean next-token cross-entropy, nats <Exports name={`${name}-loss`} figure={figure} table={table} />
        </>
      }
    >
      <div ref={figure}>
        <IntervalBars
          bars={rows.map((row) => ({ ...row, tone: row.name === "spliced" ? "strong" : "plain" }))}
          label="loss, nats a token"
          origin={loss.original}
          originLabel="bars begin at the original loss"
          nameWidth={98}
          format={nats}
        />
      </div>
      <table className={common.table} style={{ marginTop: 8 }}>
        <thead>
          <tr>
            <th scope="col">replaced by</th>
            <th scope="col" data-align="right">
              loss
            </th>
            <th scope="col" data-align="right">
              above original
            </th>
            <th scope="col" data-align="right">
              recovered by splicing
            </th>
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.name} title={row.meaning}>
              <td>{row.name}</td>
              <td data-align="right">{nats(row.value)}</td>
              <td data-align="right">{row.name === "original" ? "" : formatSigned(row.value - loss.original, 3)}</td>
              <td data-align="right">
                {row.name === "mean ablation" && percent(loss.recoveredAgainstMean, 2)}
                {row.name === "zero ablation" && percent(loss.recoveredAgainstZero, 2)}
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className={styles.note}>recovered = (ablated − spliced) ⁄ (ablated − original)</p>
    </Section>
  );
}
