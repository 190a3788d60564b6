import { BinnedHistogram, ExportMenu } from "@patchbay/charts/react";
import type { UnitPage } from "@patchbay/contract";
import { useRef } from "react";
import { formatCount } from "../../../shell/ui/format-number.ts";
import { TokenChip } from "../../../shell/ui/TokenChip.tsx";
import { formatFigure } from "../format-figure.ts";
import { Section } from "../Section.tsx";
import styles from "./Unit.module.css";
import { corpusText } from "./UnitExamples.tsx";
import { unitName } from "./unit-address.ts";

const TOP_TOKENS = 8;

export interface MarkedValue {
  readonly value: number;
  /** Whose value it is: "your text". */
  readonly name: string;
}

/** How often and how strongly the unit fires, and on which tokens; the reader's own value stands among them. */
export function UnitStatisticsSection({
  page,
  marked,
}: {
  readonly page: UnitPage;
  readonly marked: MarkedValue | undefined;
}) {
  const figure = useRef<HTMLDivElement>(null);
  const { statistics } = page;
  if (statistics === null) return null;
  const { firing, tokens, density, mean, maximum, histogram, topTokens } = statistics;
  const strongest = Math.max(1e-9, ...topTokens.map(({ score }) => Math.abs(score)));
  const inside = marked !== undefined && marked.value !== 0;
  return (
    <div className={styles.statistics}>
      <Section
        title="Activations"
        aside={
          <span className={styles.aside}>
            √ count
            <ExportMenu
              name={`${unitName(page)}-activations`}
              figure={figure}
              table={() => ({
                header: ["from", "to", "tokens"],
                rows: histogram.counts.map((count, i) => [histogram.edges[i], histogram.edges[i + 1], count]),
              })}
            />
          </span>
        }
      >
        <dl className={styles.figures}>
          <div title={`Fires on ${formatCount(firing)} of ${formatCount(tokens)} tokens`}>
            <dt>density</dt>
            <dd>{density === 0 ? "never" : `${formatFigure(density * 100)} %`}</dd>
          </div>
          <div title="Largest activation in the corpus">
            <dt>maximum</dt>
            <dd>{formatFigure(maximum)}</dd>
          </div>
          <div title="Over all tokens, firing or not">
            <dt>mean</dt>
            <dd>{formatFigure(mean)}</dd>
          </div>
        </dl>
        {firing === 0 ? (
          <p className="quiet">It never fired in the corpus: it may be dead.</p>
        ) : (
          <div ref={figure} className={styles.histogram}>
            <BinnedHistogram
              edges={histogram.edges}
              counts={histogram.counts}
              height={92}
              heights="root"
              label="Activations of the firing tokens"
            >
              {({ placeOf, baseline }) =>
                inside && (
                  <Mark
                    {...marked}
                    at={placeOf(Math.max(histogram.edges[0] ?? 0, Math.min(maximum, marked.value)))}
                    baseline={baseline}
                  />
                )
              }
            </BinnedHistogram>
          </div>
        )}
        <p className="quiet">
          {corpusText(page)}
          {marked !== undefined && !inside && ` · ${marked.name}: it does not fire`}
        </p>
      </Section>
      <Section title="Top tokens" aside="mean activation on the token">
        {topTokens.length === 0 && <p className="quiet">None: no token was seen a few times while it fired.</p>}
        <ol className={styles.topTokens}>
          {topTokens.slice(0, TOP_TOKENS).map(({ id, text, score }) => (
            <li key={id}>
              <span>
                <i style={{ width: `${(Math.abs(score) / strongest) * 100}%` }} />
                <TokenChip text={text} tone="bare" />
              </span>
              <span>{formatFigure(score)}</span>
            </li>
          ))}
        </ol>
      </Section>
    </div>
  );
}

function Mark({ value, name, at, baseline }: MarkedValue & { readonly at: number; readonly baseline: number }) {
  const left = at > 120;
  return (
    <g pointerEvents="none">
      <line x1={at} x2={at} y1={0} y2={baseline} stroke="var(--counter)" strokeWidth={1.5} />
      <text
        x={at + (left ? -5 : 5)}
        y={10}
        textAnchor={left ? "end" : "start"}
        style={{ fontSize: 10.5, fill: "var(--counter)" }}
      >
        {name} {formatFigure(value)}
      </text>
    </g>
  );
}
