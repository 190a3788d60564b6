import { ExportMenu, LineChart } from "@patchbay/charts/react";
import type { ShownSweep } from "@patchbay/workbench-state";
import { useRef } from "react";
import { formatFigure } from "../common/format-figure.ts";
import { Section } from "../common/Section.tsx";
import styles from "./Sweeps.module.css";
import { SITE_WORDS } from "./sweep-words.ts";

/** What is left of the metric as one part after another goes, and the order in which they go. */
export function GreedyCurve({ sweep }: { readonly sweep: ShownSweep }) {
  const figure = useRef<HTMLDivElement>(null);
  const points = [
    { x: 0, y: sweep.baselines.clean },
    ...sweep.greedy.map(({ step, raw }, i) => ({ x: Math.max(step, i + 1), y: raw })),
  ];
  const siteOf = (panel: number) => {
    const site = sweep.panels[panel]?.site;
    return site === undefined ? "" : SITE_WORDS[site];
  };
  return (
    <Section
      title="Greedy ablation"
      aside={
        <ExportMenu
          name="greedy-ablation"
          figure={figure}
          table={() => ({
            header: ["removed", "site", "cell", sweep.metric],
            rows: sweep.greedy.map(({ panel, label, raw }, i) => [i + 1, siteOf(panel), label, raw]),
          })}
        />
      }
    >
      <div className={styles.greedy}>
        <div ref={figure}>
          <LineChart
            label={`${sweep.metric} while parts are removed one after another`}
            series={[{ name: sweep.metric, points, colour: "var(--heat)" }]}
            height={230}
            unitX="removed"
            nameWidth={0}
            format={formatFigure}
          />
        </div>
        <ol className={styles.greedyList} aria-label="In the order of removal">
          {sweep.greedy.map(({ label, panel, raw }, i) => (
            // biome-ignore lint/suspicious/noArrayIndexKey: steps only come after each other
            <li key={i}>
              <span className="mono">{label}</span> <small className="quiet">{siteOf(panel)}</small>
              <b>{formatFigure(raw)}</b>
            </li>
          ))}
        </ol>
      </div>
    </Section>
  );
}
