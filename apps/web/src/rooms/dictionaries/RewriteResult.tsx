import { IntervalBars, type TableColumn, type TableSort, VirtualTable } from "@patchbay/charts/react";
import type { DictionaryPage, Rewrite } from "@patchbay/contract";
import { useMemo, useRef, useState } from "react";
import { Link } from "../../shell/Link.tsx";
import { navigate } from "../../shell/location.ts";
import { formatCount, formatFixed, formatSigned } from "../../shell/ui/format-number.ts";
import { Section } from "../common/Section.tsx";
import styles from "./Dictionaries.module.css";
import type { DictionaryAddresses } from "./dictionary-address.ts";
import { nats } from "./dictionary-words.ts";
import { Exports } from "./Exports.tsx";

const LOSSES = [
  { key: "original", name: "original", meaning: "nothing replaced" },
  { key: "transcoder", name: "dictionary", meaning: "with its true activations" },
  { key: "rewritten", name: "rewritten", meaning: "the chosen features as the simulator says" },
  { key: "zeroed", name: "features zeroed", meaning: "the chosen features at zero: what a label must beat" },
  { key: "meanAblation", name: "mean ablation", meaning: "the whole output site at its mean" },
  { key: "zeroAblation", name: "zero ablation", meaning: "the whole output site at zero" },
] as const;

export function RewriteResult({
  result,
  page,
  to,
}: {
  readonly result: Rewrite;
  readonly page: DictionaryPage;
  readonly to: DictionaryAddresses;
}) {
  const figure = useRef<HTMLDivElement>(null);
  const { losses, difference } = result;
  const bars = LOSSES.map(({ key, name, meaning }) => ({
    name,
    meaning,
    value: losses[key].mean,
    low: losses[key].low,
    high: losses[key].high,
    tone: key === "rewritten" ? ("strong" as const) : key === "zeroed" ? ("counter" as const) : ("plain" as const),
  }));
  return (
    <div className={styles.stack}>
      <p className={styles.verdict}>{result.verdict}</p>
      <div className={styles.two}>
        <Section
          title="Loss"
          aside={
            <>
              nats a token, 95 % interval over {formatCount(result.texts)} texts{" "}
              <Exports
                name={`${page.name}-rewriting`}
                figure={figure}
                table={() => ({
                  header: ["run", "loss, nats", "low", "high", "meaning"],
                  rows: bars.map((bar) => [bar.name, bar.value, bar.low, bar.high, bar.meaning]),
                })}
              />
            </>
          }
        >
          <div ref={figure}>
            <IntervalBars
              bars={bars}
              label="loss, nats a token"
              origin={losses.original.mean}
              originLabel="bars begin at the original loss"
              nameWidth={112}
              format={nats}
            />
          </div>
          <h3 className={styles.subtitle}>Rewritten − zeroed, paired by text</h3>
          <IntervalBars
            bars={[
              {
                name: "difference",
                value: difference.mean,
                low: difference.low,
                high: difference.high,
                tone: difference.high < 0 ? "strong" : "counter",
              },
            ]}
            label="below 0 is better than zeros, nats"
            origin={0}
            nameWidth={112}
            format={(value) => formatSigned(value, 3)}
          />
          <p className={styles.note}>
            {formatCount(result.rewritten)} of {formatCount(page.features)} features rewritten,{" "}
            {formatCount(result.tokens)} held-out tokens. Intervals of losses overlap because texts differ; the paired
            difference is the test.
          </p>
        </Section>
        <PerFeature result={result} page={page} to={to} />
      </div>
    </div>
  );
}

type FeatureRow = Rewrite["perFeature"][number];

function PerFeature({
  result,
  page,
  to,
}: {
  readonly result: Rewrite;
  readonly page: DictionaryPage;
  readonly to: DictionaryAddresses;
}) {
  const [sort, setSort] = useState<TableSort>({ key: "correlation", order: "descending" });
  const [cursor, setCursor] = useState(0);
  const rows = useMemo(() => sortRows(result.perFeature, sort), [result.perFeature, sort]);
  const columns = useMemo(() => columnsOf(page.name, to), [page.name, to]);
  const table = () => ({
    header: ["feature", "correlation", "precision", "recall"],
    rows: result.perFeature.map((row) => [row.feature, row.correlation, row.precision, row.recall]),
  });
  return (
    <Section
      title="Each feature"
      aside={
        <>
          simulated against true activation <Exports name={`${page.name}-rewritten-features`} table={table} />
        </>
      }
    >
      <div className={styles.featureTable}>
        <VirtualTable<FeatureRow>
          label="Rewritten features"
          columns={columns}
          rowCount={rows.length}
          rowHeight={27}
          rowAt={(index) => rows[index]}
          sort={sort}
          onSort={setSort}
          cursor={Math.min(cursor, Math.max(0, rows.length - 1))}
          onCursor={setCursor}
          onOpen={(row) => navigate(to.feature(page.name, row.feature))}
          resetKey={`${sort.key} ${sort.order}`}
        />
      </div>
    </Section>
  );
}

function sortRows(rows: readonly FeatureRow[], { key, order }: TableSort): FeatureRow[] {
  const value = (row: FeatureRow) =>
    (key === "precision"
      ? row.precision
      : key === "recall"
        ? row.recall
        : key === "feature"
          ? row.feature
          : row.correlation) ?? Number.NEGATIVE_INFINITY;
  const sign = order === "ascending" ? 1 : -1;
  return rows.toSorted((a, b) => sign * (value(a) - value(b)) || a.feature - b.feature);
}

function columnsOf(dictionary: string, to: DictionaryAddresses): TableColumn<FeatureRow>[] {
  const number = (key: "correlation" | "precision" | "recall", meaning: string): TableColumn<FeatureRow> => ({
    key,
    title: key,
    meaning,
    track: "minmax(80px, 1fr)",
    align: "right",
    sortable: true,
    cell: (row) => {
      const value = row[key];
      return value === null ? <span className="quiet">n/a</span> : formatFixed(value, 3);
    },
  });
  return [
    {
      key: "feature",
      title: "feature",
      track: "minmax(80px, 1fr)",
      sortable: true,
      cell: (row) => (
        <Link
          href={to.feature(dictionary, row.feature)}
          className={styles.featureLink}
          tabIndex={-1}
          onClick={(event) => event.stopPropagation()}
        >
          F{row.feature}
        </Link>
      ),
    },
    number("correlation", "Pearson, simulated and true activation over tokens"),
    number("precision", "Of the tokens where the simulator fires, the share where the feature does"),
    number("recall", "Of the tokens where the feature fires, the share where the simulator does"),
  ];
}
