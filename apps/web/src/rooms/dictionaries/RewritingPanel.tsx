/** Features rewritten by what their labels predict (Paulo & Belrose 2025): is it better than writing zeros? */
import { type DictionaryPage, type Job, type ModelSummary, Rewrite } from "@patchbay/contract";
import { useEffect, useState } from "react";
import { EmptyState } from "../../shell/ui/EmptyState.tsx";
import { ErrorState } from "../../shell/ui/ErrorState.tsx";
import { formatCount, formatSigned } from "../../shell/ui/format-number.ts";
import type { Query } from "../common/query.ts";
import { JobProgress } from "../jobs/JobProgress.tsx";
import { UNREADABLE } from "./DarkMatterPanel.tsx";
import styles from "./Dictionaries.module.css";
import type { DictionaryAddresses } from "./dictionary-address.ts";
import { nats } from "./dictionary-words.ts";
import { RewriteFormFields } from "./RewriteFormFields.tsx";
import { RewriteResult } from "./RewriteResult.tsx";
import { RunList } from "./RunList.tsx";
import { readRewriteForm, rewriteFormOf, simulatorName, USUAL_REWRITE } from "./simulator-form.ts";
import { useRuns } from "./use-runs.ts";

export function RewritingPanel({
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
    "rewrite",
    (request) => request.kind === "rewrite" && request.model === model.name && request.dictionary === page.name,
    query,
  );
  const { shown } = runs;
  const [form, setForm] = useState(USUAL_REWRITE);
  const shownRequest = shown?.request.kind === "rewrite" ? shown.request : undefined;
  // biome-ignore lint/correctness/useExhaustiveDependencies: another run brings its settings into the form, once
  useEffect(() => {
    if (shownRequest !== undefined) setForm(rewriteFormOf(shownRequest));
  }, [shown?.id]);
  const { request, problems } = readRewriteForm(form, page.features);
  const start = () => {
    if (request !== undefined)
      void runs.start({ kind: "rewrite", model: model.name, dictionary: page.name, ...request });
  };
  const result = shown?.state === "done" ? Rewrite.safeParse(shown.result) : undefined;
  return (
    <div className={styles.page}>
      <div className={styles.stack} style={{ gap: 14 }}>
        <p className={styles.foot}>
          The encoder of chosen features is replaced by a simulator, which tells from the text alone when each should
          fire; the model runs on with that. A label that explains its feature must do better than writing zeros.
        </p>
        <RewriteFormFields form={form} problems={problems} busy={runs.starting} onChange={setForm} onStart={start} />
        {runs.refusal !== undefined && <ErrorState inline problem={runs.refusal} />}
        {shown !== undefined && shown.state !== "done" && (
          <JobProgress job={shown} connection={runs.connection} onAgain={() => void runs.start(shown.request)} />
        )}
      </div>
      {shown === undefined && !runs.loading && (
        <EmptyState title="Nothing rewritten yet">
          Begin with the oracle and the empty simulator: they must land on the dictionary itself and on zeros.
        </EmptyState>
      )}
      {result?.success === true && <RewriteResult result={result.data} page={page} to={to} />}
      {result?.success === false && <ErrorState inline problem={UNREADABLE} />}
      <RunList
        runs={runs.listed}
        shown={shown}
        onShow={runs.show}
        columns={[
          { title: "simulator", cell: (job) => simulatorOf(job) },
          { title: "features", align: "right", cell: (job) => figure(job, ({ rewritten }) => formatCount(rewritten)) },
          { title: "calibrated", cell: (job) => (settings(job)?.calibrate === false ? "no" : "yes") },
          {
            title: "loss rewritten",
            align: "right",
            cell: (job) => figure(job, ({ losses }) => nats(losses.rewritten.mean)),
          },
          {
            title: "against zeros",
            align: "right",
            cell: (job) => figure(job, ({ difference }) => formatSigned(difference.mean, 3)),
          },
        ]}
      />
    </div>
  );
}

function simulatorOf(job: Job): string {
  const kind = settings(job)?.simulator.kind;
  return kind === undefined ? "" : simulatorName(kind);
}

function settings({ request }: Job) {
  return request.kind === "rewrite" ? request : undefined;
}

function figure(job: Job, of: (result: Rewrite) => string): string {
  if (job.state !== "done") return "";
  const result = Rewrite.safeParse(job.result);
  return result.success ? of(result.data) : "";
}
