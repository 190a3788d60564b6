import { BinnedHistogram, SharedFractionCurve } from "@patchbay/charts/react";
import type { Comparison } from "@patchbay/contract";
import { useRef } from "react";
import { formatCount, formatFixed } from "../../shell/ui/format-number.ts";
import { Section } from "../common/Section.tsx";
import compare from "./Compare.module.css";
import type { CompareView } from "./compare-view.ts";
import styles from "./Dictionaries.module.css";
import { percent, smallPercent } from "./dictionary-words.ts";
import { Exports } from "./Exports.tsx";

const HEIGHT = 164;

export function ComparisonFigures({
  comparison,
  view,
  onThreshold,
}: {
  readonly comparison: Comparison;
  readonly view: CompareView;
  readonly onThreshold: (threshold: number) => void;
}) {
  const curve = useRef<HTMLDivElement>(null);
  const bars = useRef<HTMLDivElement>(null);
  const { alive, shared, random, threshold, histogram } = comparison;
  const name = `${comparison.left}-${comparison.right}`;
  const domain = [Math.min(0, histogram.edges[0] ?? 0), 1] as const;
  return (
    <div className={compare.comparison}>
      <div className={styles.figures} data-vertical="true">
        <div>
          <b data-tone="heat">{percent(shared)}</b>
          <p>
            of {formatCount(alive.left)} live features of {comparison.left} have a partner of similarity ≥ 
            {formatFixed(threshold, 2)}
          </p>
        </div>
        <div>
          <b>{smallPercent(random)}</b>
          <p>against as many random directions: what chance gives</p>
        </div>
        <p className={styles.note}>{formatCount(alive.right)} live features on the right. Dead ones take no part.</p>
      </div>
      <Section
        title="Similarity of partners"
        aside={
          <>
            {view.vectors === "both" ? "mean of encoder and decoder cosine" : `cosine of ${view.vectors} vectors`}{" "}
            <Exports
              name={`${name}-similarity`}
              figure={bars}
              table={() => ({
                header: ["similarity from", "to", "pairs"],
                rows: histogram.counts.map((count, i) => [histogram.edges[i], histogram.edges[i + 1], count]),
              })}
            />
          </>
        }
      >
        <div ref={bars}>
          <BinnedHistogram
            {...histogram}
            domain={domain}
            height={HEIGHT}
            threshold={threshold}
            thresholdLabel={`shared ≥ ${formatFixed(threshold, 2)}`}
            onThreshold={onThreshold}
            label="Pairs by similarity"
          />
        </div>
      </Section>
      <Section
        title="Shared against threshold"
        aside={
          <>
            share of live left features{" "}
            <Exports
              name={`${name}-shared`}
              figure={curve}
              table={() => ({
                header: ["threshold", "shared"],
                rows: comparison.curve.thresholds.map((value, i) => [value, comparison.curve.shared[i]]),
              })}
            />
          </>
        }
      >
        <div ref={curve}>
          <SharedFractionCurve
            {...comparison.curve}
            threshold={threshold}
            random={random}
            height={HEIGHT}
            domainX={domain}
          />
        </div>
      </Section>
    </div>
  );
}
