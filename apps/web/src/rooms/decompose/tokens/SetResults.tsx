import { ExportMenu, LineChart } from "@patchbay/charts/react";
import type { Decomposition } from "@patchbay/contract";
import { useRef } from "react";
import table from "../../common/common.module.css";
import { formatFigure } from "../../common/format-figure.ts";
import { Section } from "../../common/Section.tsx";
import styles from "../Decompose.module.css";
import { unitOfTarget } from "./share-rows.ts";
import { ShareSum } from "./TokenShares.tsx";

const COLOURS = ["var(--heat)", "var(--counter)", "var(--good)", "var(--warn)", "var(--ink-2)", "var(--ink-4)"];

/** What each set gives the target and what the rest gives; how much of the stream is the set's at each depth. */
export function SetResults({ result }: { readonly result: Decomposition }) {
  const figure = useRef<HTMLDivElement>(null);
  const { sets = [], target } = result;
  const unit = unitOfTarget(result);
  if (sets.length === 0)
    return (
      <>
        <ShareSum result={result} />
        <p className="quiet">No set holds anything yet: click heads, MLPs or tokens at the left, then Decompose.</p>
      </>
    );
  const series = sets.map(({ name, nodes }, i) => ({
    name,
    colour: COLOURS[i % COLOURS.length] ?? "var(--heat)",
    points: nodes.map(({ relevantNorm, activationNorm }, x) => ({
      x,
      y: activationNorm === 0 ? 0 : relevantNorm / activationNorm,
    })),
  }));
  return (
    <>
      <ShareSum result={result} />
      <div className={styles.two}>
        <Section
          title="Relevant and irrelevant parts"
          aside={
            <span className={styles.aside}>
              <span>{unit}; each propagated on its own</span>
              <ExportMenu
                name="component-sets"
                table={() => ({
                  header: ["set", `relevant (${unit})`, `irrelevant (${unit})`, `sum − target (${unit})`],
                  rows: sets.map((set) => [
                    set.name,
                    set.relevant,
                    set.irrelevant,
                    set.relevant + set.irrelevant - target.total,
                  ]),
                })}
              />
            </span>
          }
        >
          <table className={table.table}>
            <thead>
              <tr>
                <th scope="col">set</th>
                <th scope="col" data-align="right">
                  relevant
                </th>
                <th scope="col" data-align="right">
                  irrelevant
                </th>
                <th scope="col" data-align="right">
                  share of target
                </th>
                <th scope="col" data-align="right">
                  sum − target
                </th>
              </tr>
            </thead>
            <tbody>
              {sets.map((set) => (
                <tr key={set.name}>
                  <td>{set.name}</td>
                  <td data-align="right">{formatFigure(set.relevant)}</td>
                  <td data-align="right">{formatFigure(set.irrelevant)}</td>
                  <td data-align="right">
                    {target.total === 0 ? "n/a" : `${formatFigure((100 * set.relevant) / target.total)} %`}
                  </td>
                  <td data-align="right">{formatFigure(set.relevant + set.irrelevant - target.total)}</td>
                </tr>
              ))}
            </tbody>
          </table>
        </Section>
        <Section
          title="How much of the stream is the set’s"
          aside={
            <span className={styles.aside}>
              <span>‖relevant‖ / ‖stream‖ at the target’s position</span>
              <ExportMenu name="set-norms" figure={figure} />
            </span>
          }
        >
          <div ref={figure}>
            <LineChart
              series={series}
              label="Length of the relevant part over the stream’s"
              height={190}
              unitX="blocks done"
              nameWidth={64}
              format={formatFigure}
              formatX={(value) => (value === 0 ? "embedding, 0" : String(value))}
            />
          </div>
        </Section>
      </div>
    </>
  );
}
