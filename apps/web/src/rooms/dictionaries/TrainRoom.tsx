"use client";
/** Training: the form, and the trainings that run or ran. The shown one is in the address. */
import { type Job, type ModelSummary, TrainingRequest } from "@patchbay/contract";
import { useEffect, useState } from "react";
import { Link } from "../../shell/Link.tsx";
import { Room } from "../../shell/Room.tsx";
import { Button } from "../../shell/ui/Button.tsx";
import { ErrorState } from "../../shell/ui/ErrorState.tsx";
import { formatCount, formatFixed } from "../../shell/ui/format-number.ts";
import { Skeleton } from "../../shell/ui/Skeleton.tsx";
import type { Query } from "../common/query.ts";
import { Section } from "../common/Section.tsx";
import styles from "./Dictionaries.module.css";
import type { DictionaryAddresses } from "./dictionary-address.ts";
import { RunList } from "./RunList.tsx";
import { TrainForm } from "./TrainForm.tsx";
import { TrainingRun } from "./TrainingRun.tsx";
import { sparsityText } from "./training-facts.ts";
import { type TrainingForm, trainingFormOf, usualTraining } from "./training-form.ts";
import { forgetDictionaries, useDictionary } from "./use-dictionaries.ts";
import { useDictionaryPlace } from "./use-dictionary-place.ts";
import { useRuns } from "./use-runs.ts";

export function TrainRoom() {
  const { model, problem, query, to } = useDictionaryPlace();
  const bar = (
    <>
      <Link href={to.list()} className={styles.crumb}>
        Dictionaries
      </Link>
      <span className="quiet" aria-hidden="true">
        /
      </span>
      <h1 className={styles.title}>Train</h1>
      <span className="quiet">{model?.name}</span>
    </>
  );
  return (
    <Room title="Train a dictionary" bar={bar}>
      {problem !== undefined && (
        <ErrorState problem={problem} action={<Link href="/models">See the installed models</Link>} />
      )}
      {model === undefined ? (
        <div className={styles.page}>{problem === undefined && <Skeleton height={320} />}</div>
      ) : (
        <Training key={model.hash} model={model} query={query} to={to} />
      )}
    </Room>
  );
}

function Training({
  model,
  query,
  to,
}: {
  readonly model: ModelSummary;
  readonly query: Query;
  readonly to: DictionaryAddresses;
}) {
  const runs = useRuns(
    "train-dictionary",
    (request) => request.kind === "train-dictionary" && request.model === model.name,
    query,
    { like: undefined },
  );
  const like = query.get("like");
  const { shown } = runs;
  const [form, setForm] = useState<TrainingForm>(() => usualTraining(model));
  const [open, setOpen] = useState<boolean>();
  const modelled = useDictionary(like === undefined ? undefined : model, like ?? "");
  const recorded = modelled.state.value?.training?.request;
  useEffect(() => {
    const request = TrainingRequest.safeParse(recorded);
    if (request.success) setForm(trainingFormOf(request.data, like));
  }, [recorded, like]);
  const running = shown !== undefined && like === undefined;
  const formShown = open ?? !running;
  const ended = shown?.state === "done";
  useEffect(() => {
    if (ended) forgetDictionaries();
  }, [ended]);
  const again = (job: Job) => {
    const request = requestOf(job);
    if (request === undefined) return;
    setForm(trainingFormOf(request));
    setOpen(true);
  };
  return (
    <div className={styles.trainRoom}>
      {formShown ? (
        <Section
          title={like === undefined ? "A new dictionary" : `One like ${like}`}
          aside={
            shown !== undefined && (
              <Button kind="bare" onClick={() => setOpen(false)}>
                Hide the form
              </Button>
            )
          }
        >
          <TrainForm
            model={model}
            form={form}
            onChange={setForm}
            busy={runs.starting}
            onStart={(request) => {
              setOpen(false);
              void runs.start({ kind: "train-dictionary", ...request });
            }}
          />
        </Section>
      ) : (
        <span className={styles.actions}>
          <Button onClick={() => setOpen(true)}>Train another</Button>
          {shown !== undefined && (
            <Button kind="bare" onClick={() => again(shown)}>
              with these settings
            </Button>
          )}
        </span>
      )}
      {runs.refusal !== undefined && <ErrorState inline problem={runs.refusal} />}
      {runs.starting && (
        <p className="quiet" role="status">
          Starting …
        </p>
      )}
      {shown !== undefined && (
        <TrainingRun job={shown} connection={runs.connection} to={to} onAgain={() => void runs.start(shown.request)} />
      )}
      <RunList
        runs={runs.listed}
        shown={shown}
        onShow={runs.show}
        columns={[
          { title: "dictionaries", cell: (job) => namesOf(requestOf(job)) },
          { title: "kind", cell: (job) => requestOf(job)?.targets[0]?.kind ?? "" },
          { title: "sparsity", cell: (job) => sparsityOf(requestOf(job)) },
          { title: "features", align: "right", cell: (job) => formatCount(requestOf(job)?.targets[0]?.features ?? 0) },
          { title: "tokens", align: "right", cell: (job) => formatCount(requestOf(job)?.tokens ?? 0) },
          { title: "at", align: "right", cell: (job) => `${formatFixed(job.progress * 100, 0)} %` },
        ]}
      />
    </div>
  );
}

function requestOf({ request }: Job): TrainingRequest | undefined {
  if (request.kind !== "train-dictionary") return undefined;
  const { kind: _, ...rest } = request;
  return rest;
}

function namesOf(request: TrainingRequest | undefined): string {
  if (request === undefined) return "";
  return request.targets.length === 1
    ? (request.targets[0]?.name ?? "")
    : `${request.set ?? request.targets[0]?.name ?? ""} (${request.targets.length})`;
}

function sparsityOf(request: TrainingRequest | undefined): string {
  const sparsity = request?.targets[0]?.sparsity;
  return sparsity === undefined ? "" : sparsityText(sparsity);
}
