import { BinnedHistogram } from "@patchbay/charts/react";
import type { DictionaryPage, DictionaryQuality, ModelSummary } from "@patchbay/contract";
import { useRef } from "react";
import { Link } from "../../shell/Link.tsx";
import { formatCount, formatFixed, formatSigned } from "../../shell/ui/format-number.ts";
import common from "../common/common.module.css";
import { Section } from "../common/Section.tsx";
import styles from "./Dictionaries.module.css";
import { DictionaryActions } from "./DictionaryActions.tsx";
import type { DictionaryAddresses } from "./dictionary-address.ts";
import { kindText, METRICS, measuredOn, percent, siteText, smallPercent } from "./dictionary-words.ts";
import { Exports } from "./Exports.tsx";
import { LossTable } from "./LossTable.tsx";
import { Provenance } from "./Provenance.tsx";
import { SetLoss } from "./SetLoss.tsx";
import { TrainingCourse, TrainingRecipe } from "./TrainingRecord.tsx";

export function DictionaryOverview({
  model,
  page,
  to,
  reload,
}: {
  readonly model: ModelSummary;
  readonly page: DictionaryPage;
  readonly to: DictionaryAddresses;
  readonly reload: () => void;
}) {
  const { quality } = page;
  return (
    <div className={styles.page}>
      <header className={styles.stack} style={{ gap: 6 }}>
        <p className={styles.lead}>
          <b>{kindText(page)}</b>
          <code>{siteText(page)}</code>
          <span>
            {formatCount(page.features)} features of width {formatCount(page.outputWidth)}
          </span>
          <span>{page.activation}</span>
          {page.set !== null && <span>set {page.set}</span>}
          <span className="quiet">{model.name}</span>
        </p>
        {page.description !== null && <p className={styles.lead}>{page.description}</p>}
      </header>
      {page.caveats.length > 0 && (
        <Section title="What a reader must know">
          <ul className={styles.caveats}>
            {page.caveats.map((caveat) => (
              <li key={caveat}>{caveat}</li>
            ))}
          </ul>
        </Section>
      )}
      <DictionaryActions model={model} page={page} to={to} reload={reload} />
      {quality !== null && (
        <div className={styles.columns}>
          <div className={styles.stack}>
            <Metrics page={page} quality={quality} />
            <Densities name={page.name} quality={quality} features={page.features} />
          </div>
          <div className={styles.stack}>
            <LossTable name={page.name} quality={quality} />
            {page.setQuality !== null && <SetLoss quality={page.setQuality} />}
            <Seeds page={page} to={to} />
          </div>
        </div>
      )}
      <div className={styles.columns}>
        {page.training !== null && <TrainingRecipe training={page.training} name={page.name} />}
        <Provenance page={page} />
      </div>
      {page.training !== null && <TrainingCourse training={page.training} name={page.name} />}
    </div>
  );
}

function Metrics({ page, quality }: { readonly page: DictionaryPage; readonly quality: DictionaryQuality }) {
  const { loss } = quality;
  const values: Readonly<Record<keyof typeof METRICS, string>> = {
    l0: formatFixed(quality.l0, 2),
    unexplained: formatFixed(quality.unexplained, 4),
    cosine: formatFixed(quality.cosine, 4),
    deadShare: smallPercent(quality.deadShare),
    recoveredAgainstMean: percent(loss.recoveredAgainstMean, 2),
    recoveredAgainstZero: percent(loss.recoveredAgainstZero, 2),
    increase: formatSigned(loss.spliced - loss.original, 4),
  };
  const table = () => ({
    header: ["metric", "value", "formula", "unit"],
    rows: Object.entries(METRICS).map(([key, { name, formula, unit }]) => [
      name,
      values[key as keyof typeof METRICS].replace("−", "-"),
      formula,
      unit,
    ]),
  });
  return (
    <Section
      title="Metrics"
      aside={
        <>
          {measuredOn(quality)} <Exports name={`${page.name}-metrics`} table={table} />
        </>
      }
    >
      <table className={styles.metrics}>
        <tbody>
          {Object.entries(METRICS).map(([key, words]) => (
            <tr key={key}>
              <th scope="row">{words.name}</th>
              <td>{values[key as keyof typeof METRICS]}</td>
              <td>
                <span className={styles.formula}>{words.formula}</span>
                <small>
                  {words.unit}. {words.meaning}
                </small>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
      <p className={styles.note}>
        f: feature activations. x: value at the output site. y: what the dictionary writes there. Sums and means over
        all measured tokens.
      </p>
    </Section>
  );
}

/** Densities spread over many decades: their logarithm is what can be seen. */
function Densities({
  name,
  quality,
  features,
}: {
  readonly name: string;
  readonly quality: DictionaryQuality;
  readonly features: number;
}) {
  const figure = useRef<HTMLDivElement>(null);
  const { edges, counts } = quality.density;
  const fired = counts.reduce((sum, count) => sum + count, 0);
  const dead = Math.round(quality.deadShare * features);
  const table = () => ({
    header: ["log10 density from", "to", "features"],
    rows: counts.map((count, i) => [edges[i], edges[i + 1], count]),
  });
  return (
    <Section
      title="Density of features"
      aside={
        <>
          log₁₀ of the share of tokens on which a feature fires{" "}
          <Exports name={`${name}-density`} figure={figure} table={table} />
        </>
      }
    >
      <div ref={figure}>
        <BinnedHistogram
          edges={edges}
          counts={counts}
          height={148}
          label="Features by log₁₀ density"
          format={(value) => String(Number(value.toFixed(2))).replace("-", "−")}
        />
      </div>
      <p className={styles.note}>
        {formatCount(fired)} features fired; {formatCount(dead)} never did and have no place here. −2 is one token in a
        hundred. A feature that fired once stands at {formatFixed(Math.log10(1 / quality.tokens), 1)}.
      </p>
    </Section>
  );
}

function Seeds({ page, to }: { readonly page: DictionaryPage; readonly to: DictionaryAddresses }) {
  if (page.seeds.length === 0) return null;
  return (
    <Section title="Other seeds of this recipe" aside="what “found in m of n seeds” counts in">
      <table className={common.table}>
        <tbody>
          {page.seeds.map((seed) => (
            <tr key={seed}>
              <td>
                <Link href={to.page(seed)} className={styles.name}>
                  {seed}
                </Link>
              </td>
              <td data-align="right">
                <Link href={to.compare(page.name, seed)}>compare</Link>
              </td>
            </tr>
          ))}
        </tbody>
      </table>
    </Section>
  );
}
