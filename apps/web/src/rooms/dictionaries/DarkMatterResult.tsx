import { ErrorScatter, IntervalBars, StackedBar } from "@patchbay/charts/react";
import type { DarkMatter, DictionaryPage } from "@patchbay/contract";
import { useRef } from "react";
import { Link } from "../../shell/Link.tsx";
import { formatCount, formatFixed } from "../../shell/ui/format-number.ts";
import { Section } from "../common/Section.tsx";
import { BlindTexts, BlindTokens } from "./BlindTexts.tsx";
import styles from "./Dictionaries.module.css";
import type { DictionaryAddresses } from "./dictionary-address.ts";
import { nats, percent } from "./dictionary-words.ts";
import { Exports } from "./Exports.tsx";

export function DarkMatterResult({
  result,
  page,
  to,
}: {
  readonly result: DarkMatter;
  readonly page: DictionaryPage;
  readonly to: DictionaryAddresses;
}) {
  const { parts, loss } = result;
  const split = useRef<HTMLDivElement>(null);
  const losses = useRef<HTMLDivElement>(null);
  const shares = [
    { name: "reconstruction", value: parts.reconstruction, colour: "var(--heat)" },
    { name: "linear error", value: parts.linearError, colour: "var(--cable-teal)", hatched: true },
    { name: "nonlinear error", value: parts.nonlinearError, colour: "var(--counter)" },
  ];
  const runs = [
    { name: "original", value: loss.original, meaning: "nothing dropped" },
    { name: "linear error kept", value: loss.withLinear, meaning: "reconstruction + linear error" },
    { name: "nonlinear error kept", value: loss.withNonlinear, meaning: "reconstruction + nonlinear error" },
    { name: "both errors dropped", value: loss.reconstruction, meaning: "reconstruction alone" },
  ];
  return (
    <div className={styles.stack}>
      <Section
        title="Variance of the activation"
        aside={
          <>
            share of Σ‖x − mean x‖², {formatCount(result.testTokens)} held-out tokens{" "}
            <Exports
              name={`${page.name}-dark-matter`}
              figure={split}
              table={() => ({ header: ["part", "share"], rows: shares.map(({ name, value }) => [name, value]) })}
            />
          </>
        }
      >
        <div ref={split}>
          <StackedBar parts={shares} label="Variance of the activation" format={(value) => percent(value, 2)} />
        </div>
        <ul className={styles.legend}>
          {shares.map(({ name, value, colour }) => (
            <li key={name}>
              <i style={{ background: colour }} />
              {name} <b>{percent(value, 2)}</b>
            </li>
          ))}
          <li className="quiet">
            |reconstruction + linear + nonlinear − x| ≤ {result.sumResidual.toExponential(1).replace("-", "−")}: the
            split is exact
          </li>
        </ul>
      </Section>
      <div className={styles.two}>
        <Predictability result={result} />
        <Section
          title="What each part costs"
          aside={
            <>
              loss, nats a token{" "}
              <Exports
                name={`${page.name}-dark-matter-loss`}
                figure={losses}
                table={() => ({
                  header: ["run", "loss, nats", "meaning"],
                  rows: runs.map(({ name, value, meaning }) => [name, value, meaning]),
                })}
              />
            </>
          }
        >
          <div ref={losses}>
            <IntervalBars
              bars={runs.map((run) => ({ ...run, tone: run.name === "nonlinear error kept" ? "counter" : "plain" }))}
              label="loss, nats a token"
              origin={loss.original}
              originLabel="bars begin at the original loss"
              nameWidth={134}
              format={nats}
            />
          </div>
          <p className={styles.note}>{costInWords(loss)}</p>
        </Section>
      </div>
      <div className={styles.two}>
        {result.wider === null ? (
          <Section title="Narrow against wide">
            <p className="quiet">
              No wider dictionary of this site was compared. With one, this shows whether both fail on the same tokens.
            </p>
          </Section>
        ) : (
          <Wider wider={result.wider} page={page} unexplained={result.unexplained} to={to} />
        )}
        <BlindTokens tokens={result.blindTokens} name={page.name} />
      </div>
      <BlindTexts texts={result.blind} />
    </div>
  );
}

function Predictability({ result }: { readonly result: DarkMatter }) {
  const figure = useRef<HTMLDivElement>(null);
  const { vectorR2, normR2 } = result;
  const bars = [
    { name: "error vector", value: vectorR2.value, tone: "strong" },
    { name: "shuffled", value: vectorR2.shuffled, tone: "plain" },
    { name: "its squared length", value: normR2.value, tone: "strong" },
    { name: "shuffled ", value: normR2.shuffled, tone: "plain" },
  ] as const;
  return (
    <Section
      title="Predicted linearly from x"
      aside={
        <>
          R² on held-out tokens{" "}
          <Exports
            name={`${result.dictionary}-error-r2`}
            figure={figure}
            table={() => ({
              header: ["quantity", "R²", "R² shuffled"],
              rows: [
                ["error vector", vectorR2.value, vectorR2.shuffled],
                ["squared length", normR2.value, normR2.shuffled],
              ],
            })}
          />
        </>
      }
    >
      <div ref={figure}>
        <IntervalBars
          bars={bars}
          label="R²; 1 is perfectly predicted"
          origin={0}
          nameWidth={134}
          format={(value) => formatFixed(value, 3)}
        />
      </div>
      <p className={styles.note}>
        Shuffled: the same fit with the rows of the error permuted, a fit to nothing; at or below 0 is as it should be.
        Fitted on {formatCount(result.trainTokens)} tokens.
      </p>
    </Section>
  );
}

function Wider({
  wider,
  page,
  unexplained,
  to,
}: {
  readonly wider: NonNullable<DarkMatter["wider"]>;
  readonly page: DictionaryPage;
  readonly unexplained: number;
  readonly to: DictionaryAddresses;
}) {
  const figure = useRef<HTMLDivElement>(null);
  const { narrow, wide } = wider.scatter;
  return (
    <Section
      title={
        <>
          Narrow against wide: <Link href={to.page(wider.dictionary)}>{wider.dictionary}</Link>
        </>
      }
      aside={
        <>
          error by token{" "}
          <Exports
            name={`${page.name}-${wider.dictionary}-errors`}
            figure={figure}
            table={() => ({
              header: [page.name, wider.dictionary],
              rows: narrow.map((value, i) => [value, wide[i]]),
            })}
          />
        </>
      }
    >
      <div ref={figure}>
        <ErrorScatter
          horizontal={narrow}
          vertical={wide}
          horizontalTitle={`error length, ${page.name}`}
          verticalTitle={`error length, ${wider.dictionary}`}
          side={380}
        />
      </div>
      <p className={styles.note}>
        Correlation <b className={styles.inked}>{formatFixed(wider.correlation, 3)}</b> (shuffled{" "}
        {formatFixed(wider.shuffled, 3)}). Unexplained falls from {formatFixed(unexplained, 3)} to{" "}
        {formatFixed(wider.unexplained, 3)}; below the dashed diagonal the wider one does better.
      </p>
    </Section>
  );
}

function costInWords({ original, reconstruction, withLinear, withNonlinear }: DarkMatter["loss"]): string {
  const cost = reconstruction - original;
  if (cost <= 0) return "Dropping the error costs nothing measurable here.";
  const share = (kept: number) => percent((reconstruction - kept) / cost, 0);
  return `Dropping the error costs ${nats(cost)} nats. Keeping its linear part wins back ${share(withLinear)} of that, its nonlinear part ${share(withNonlinear)}; the two need not sum to 100 %.`;
}
