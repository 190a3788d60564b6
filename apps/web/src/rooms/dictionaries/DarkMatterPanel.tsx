/** The error of a dictionary taken apart (Engels et al. 2024): asked as a job, shown from its result. */
import { DarkMatter, type DictionaryPage, type Job, type ModelSummary } from "@patchbay/contract";
import { useState } from "react";
import { Button } from "../../shell/ui/Button.tsx";
import { EmptyState } from "../../shell/ui/EmptyState.tsx";
import { ErrorState } from "../../shell/ui/ErrorState.tsx";
import { formatCount, formatFixed } from "../../shell/ui/format-number.ts";
import type { Query } from "../common/query.ts";
import { numberIn } from "../common/query.ts";
import { JobProgress } from "../jobs/JobProgress.tsx";
import { DarkMatterResult } from "./DarkMatterResult.tsx";
import styles from "./Dictionaries.module.css";
import type { DictionaryAddresses } from "./dictionary-address.ts";
import { comparable } from "./dictionary-groups.ts";
import { percent } from "./dictionary-words.ts";
import { RunList } from "./RunList.tsx";
import { useDictionaries } from "./use-dictionaries.ts";
import { useRuns } from "./use-runs.ts";

const USUAL = { tokens: 16_000, ridge: 1e-3 };

export function DarkMatterPanel({
  model,
  page,
  to,
  query,
}: {
  readonly model: ModelSummary;
  readonly page: DictionaryPage;
  readonly to: DictionaryAddresses;
  readonly query: Query;
}) {
  const runs = useRuns(
    "dark-matter",
    (request) => request.kind === "dark-matter" && request.model === model.name && request.dictionary === page.name,
    query,
  );
  const others = useDictionaries(model).state.value?.dictionaries ?? [];
  const wider = others.filter(
    (other) => other.name !== page.name && comparable(page, other) && other.features > page.features,
  );
  const { shown } = runs;
  const request = shown?.request.kind === "dark-matter" ? shown.request : undefined;
  const [beside, setBeside] = useState<string>();
  const [tokens, setTokens] = useState("");
  const [ridge, setRidge] = useState("");
  const chosen = beside ?? request?.wider ?? wider[0]?.name ?? "";
  const wrongTokens = tokens !== "" && !within(tokens, 1000, 200_000);
  const wrongRidge = ridge !== "" && !((numberIn(ridge) ?? 0) > 0);
  const start = () =>
    runs.start({
      kind: "dark-matter",
      model: model.name,
      dictionary: page.name,
      ...(chosen !== "" && { wider: chosen }),
      ...(tokens !== "" && { tokens: Number(tokens) }),
      ...(ridge !== "" && { ridge: Number(ridge) }),
    });
  const result = shown?.state === "done" ? DarkMatter.safeParse(shown.result) : undefined;
  return (
    <div className={styles.page}>
      <div className={styles.stack} style={{ gap: 12 }}>
        <p className={styles.foot}>
          What the dictionary leaves out, x − y, is split by a ridge regression from x: a part that a linear map of the
          activation predicts, and a rest that no linear map does. Fitted on one half of the texts, measured on the
          other, beside the same fit to shuffled rows.
        </p>
        <form
          className={styles.controls}
          onSubmit={(event) => {
            event.preventDefault();
            if (!wrongTokens && !wrongRidge) void start();
          }}
        >
          <label className={styles.control}>
            <span>beside a wider dictionary</span>
            <select className="mono" value={chosen} onChange={(event) => setBeside(event.target.value)}>
              <option value="">none</option>
              {wider.map(({ name, features }) => (
                <option key={name} value={name}>
                  {name} · {features}
                </option>
              ))}
            </select>
          </label>
          <label className={styles.control} data-invalid={wrongTokens}>
            <span>tokens, 1,000 … 200,000</span>
            <input
              inputMode="numeric"
              size={9}
              placeholder={formatCount(USUAL.tokens)}
              aria-invalid={wrongTokens}
              value={tokens}
              onChange={(event) => setTokens(event.target.value.replaceAll(",", "").trim())}
            />
          </label>
          <label className={styles.control} data-invalid={wrongRidge}>
            <span title="As a multiple of the mean variance of x">ridge strength, × mean variance</span>
            <input
              inputMode="decimal"
              size={9}
              placeholder={String(USUAL.ridge)}
              aria-invalid={wrongRidge}
              value={ridge}
              onChange={(event) => setRidge(event.target.value.trim())}
            />
          </label>
          <Button type="submit" kind="primary" disabled={runs.starting || wrongTokens || wrongRidge}>
            Take the error apart
          </Button>
        </form>
        {runs.refusal !== undefined && <ErrorState inline problem={runs.refusal} />}
        {shown !== undefined && shown.state !== "done" && (
          <JobProgress job={shown} connection={runs.connection} onAgain={() => void runs.start(shown.request)} />
        )}
      </div>
      {shown === undefined && !runs.loading && (
        <EmptyState title="Not taken apart yet">
          It reads {formatCount(USUAL.tokens)} tokens and takes a minute.
        </EmptyState>
      )}
      {result?.success === true && <DarkMatterResult result={result.data} page={page} to={to} />}
      {result?.success === false && <ErrorState inline problem={UNREADABLE} />}
      <RunList
        runs={runs.listed}
        shown={shown}
        onShow={runs.show}
        columns={[
          { title: "beside", cell: (job) => settings(job)?.wider ?? "–" },
          { title: "ridge", align: "right", cell: (job) => String(settings(job)?.ridge ?? USUAL.ridge) },
          { title: "tokens", align: "right", cell: (job) => formatCount(settings(job)?.tokens ?? USUAL.tokens) },
          {
            title: "R² of vector",
            align: "right",
            cell: (job) => figure(job, ({ vectorR2 }) => formatFixed(vectorR2.value, 3)),
          },
          {
            title: "R² of norm",
            align: "right",
            cell: (job) => figure(job, ({ normR2 }) => formatFixed(normR2.value, 3)),
          },
          {
            title: "nonlinear",
            align: "right",
            cell: (job) => figure(job, ({ parts }) => percent(parts.nonlinearError)),
          },
        ]}
      />
    </div>
  );
}

export const UNREADABLE = {
  title: "This result cannot be shown",
  detail: "It was stored by another version of Patchbay. Start the run again.",
};

function settings({ request }: Job) {
  return request.kind === "dark-matter" ? request : undefined;
}

function figure(job: Job, of: (result: DarkMatter) => string): string {
  if (job.state !== "done") return "";
  const result = DarkMatter.safeParse(job.result);
  return result.success ? of(result.data) : "";
}

function within(text: string, low: number, high: number): boolean {
  const value = Number(text);
  return Number.isInteger(value) && value >= low && value <= high;
}
