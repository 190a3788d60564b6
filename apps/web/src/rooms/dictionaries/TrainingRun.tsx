/** One training: its curves while it runs and afterwards, and what came of it. */
import { type Job, TrainingLive, TrainingOutcome } from "@patchbay/contract";
import { Link } from "../../shell/Link.tsx";
import type { ProblemFacts } from "../../shell/ui/ErrorState.tsx";
import { formatCount, formatFixed, formatSigned } from "../../shell/ui/format-number.ts";
import common from "../common/common.module.css";
import { Section } from "../common/Section.tsx";
import { JobProgress } from "../jobs/JobProgress.tsx";
import styles from "./Dictionaries.module.css";
import type { DictionaryAddresses } from "./dictionary-address.ts";
import { percent, smallPercent } from "./dictionary-words.ts";
import { QualityBar } from "./QualityBar.tsx";
import { SetLoss } from "./SetLoss.tsx";
import { TrainingCharts } from "./TrainingCharts.tsx";
import { targetColour } from "./training-series.ts";

const PHASES = {
  sampling: "drawing text from the model",
  training: "training",
  evaluating: "measuring on held-out text",
} as const;

export function TrainingRun({
  job,
  connection,
  to,
  onAgain,
}: {
  readonly job: Job;
  readonly connection?: ProblemFacts | undefined;
  readonly to: DictionaryAddresses;
  readonly onAgain: () => void;
}) {
  if (job.request.kind !== "train-dictionary") return null;
  const { targets, tokens, set } = job.request;
  const live = TrainingLive.safeParse(job.details).data;
  const outcome = job.state === "done" ? TrainingOutcome.safeParse(job.result).data : undefined;
  const points = outcome?.points ?? live?.points ?? [];
  const names = targets.map(({ name }) => name);
  const latest = points.reduce((most, point) => Math.max(most, point.tokens), 0);
  return (
    <div className={styles.stack}>
      <JobProgress job={job} connection={connection} onAgain={onAgain} />
      <p className={styles.lead}>
        <b>{set ?? names[0]}</b>
        {live !== undefined && job.state === "running" && (
          <>
            <span>{PHASES[live.phase]}</span>
            <span>{formatCount(Math.round(live.tokensPerSecond))} tokens a second</span>
            <span>{remaining(tokens - latest, live.tokensPerSecond)}</span>
          </>
        )}
        <span>
          {formatCount(latest)} of {formatCount(tokens)} tokens
        </span>
        {outcome !== undefined && (
          <span>
            {formatFixed(outcome.seconds / 60, 1)} min, {formatCount(Math.round(outcome.tokens / outcome.seconds))}{" "}
            tokens a second
          </span>
        )}
      </p>
      {outcome !== undefined && <Outcome outcome={outcome} names={names} to={to} />}
      {points.length > 0 && (
        <TrainingCharts targets={names} points={points} tokens={tokens} name={set ?? names[0] ?? "training"} />
      )}
      {points.length === 0 && job.state === "running" && (
        <p className="quiet">The curves begin with the first steps.</p>
      )}
    </div>
  );
}

function Outcome({
  outcome,
  names,
  to,
}: {
  readonly outcome: TrainingOutcome;
  readonly names: readonly string[];
  readonly to: DictionaryAddresses;
}) {
  return (
    <>
      <Section title="What came of it" aside="measured on held-out text">
        <div className={styles.scroll}>
          <table className={`${common.table} ${styles.outcome}`}>
            <thead>
              <tr>
                <th scope="col">
                  <span className="visually-hidden">colour</span>
                </th>
                <th scope="col">dictionary</th>
                <th scope="col" data-align="right">
                  L0
                </th>
                <th scope="col">variance unexplained</th>
                <th scope="col">loss recovered, mean</th>
                <th scope="col">against zero</th>
                <th scope="col" data-align="right">
                  loss, nats
                </th>
                <th scope="col" data-align="right">
                  dead
                </th>
              </tr>
            </thead>
            <tbody>
              {outcome.dictionaries.map(({ name, quality }) => (
                <tr key={name}>
                  <td>
                    <i
                      className={styles.swatch}
                      style={{ background: targetColour(names.indexOf(name), names.length) }}
                    />
                  </td>
                  <td>
                    <Link href={to.page(name)} className={styles.name}>
                      {name}
                    </Link>
                  </td>
                  {quality === null ? (
                    <td colSpan={6} className={styles.unmeasured}>
                      not measured
                    </td>
                  ) : (
                    <>
                      <td data-align="right">{formatFixed(quality.l0, 1)}</td>
                      <td>
                        <QualityBar
                          share={quality.unexplained}
                          text={formatFixed(quality.unexplained, 3)}
                          tone="lack"
                        />
                      </td>
                      <td>
                        <QualityBar
                          share={quality.loss.recoveredAgainstMean}
                          text={percent(quality.loss.recoveredAgainstMean)}
                          tone="gain"
                        />
                      </td>
                      <td>
                        <QualityBar
                          share={quality.loss.recoveredAgainstZero}
                          text={percent(quality.loss.recoveredAgainstZero)}
                          tone="gain"
                        />
                      </td>
                      <td data-align="right">{formatSigned(quality.loss.spliced - quality.loss.original, 3)}</td>
                      <td data-align="right">{smallPercent(quality.deadShare)}</td>
                    </>
                  )}
                </tr>
              ))}
            </tbody>
          </table>
        </div>
      </Section>
      {outcome.setQuality !== null && outcome.dictionaries.length > 1 && <SetLoss quality={outcome.setQuality} />}
    </>
  );
}

function remaining(tokens: number, perSecond: number): string {
  if (!(perSecond > 0) || tokens <= 0) return "";
  const minutes = tokens / perSecond / 60;
  return minutes < 1 ? "less than a minute left" : `about ${formatCount(Math.round(minutes))} min left`;
}
