"use client";
/** Long computations: what runs, what came out, and the buttons that start them. */
import type { Job, JobKind } from "@patchbay/contract";
import { useCallback, useEffect, useState } from "react";
import { api, problemOf } from "../../shell/api.ts";
import { refreshModels } from "../../shell/models.ts";
import { Room } from "../../shell/Room.tsx";
import { forgetResources } from "../../shell/resource.ts";
import { Button } from "../../shell/ui/Button.tsx";
import { EmptyState } from "../../shell/ui/EmptyState.tsx";
import { ErrorState, type ProblemFacts } from "../../shell/ui/ErrorState.tsx";
import { Skeleton } from "../../shell/ui/Skeleton.tsx";
import { JobItem } from "./JobItem.tsx";
import styles from "./Jobs.module.css";
import { StartJob } from "./StartJob.tsx";

const POLL_MILLISECONDS = 4000;

/** Answers that a finished job makes old. */
const FORGOTTEN: Readonly<Partial<Record<JobKind, readonly string[]>>> = {
  "neuron-map": ["scatter:"],
  "reference-statistics": ["neuron:"],
  "dictionary-quality": ["dictionaries:", "dictionary:"],
  "train-dictionary": ["dictionaries:", "dictionary:"],
  "unit-index": ["dictionary:"],
};

export function JobsRoom() {
  const [jobs, setJobs] = useState<readonly Job[]>();
  const [problem, setProblem] = useState<ProblemFacts>();
  const [attempt, setAttempt] = useState(0);

  // Jobs may be started elsewhere: the list is asked now and then; each running one reports by itself.
  // biome-ignore lint/correctness/useExhaustiveDependencies: attempt asks again
  useEffect(() => {
    const control = new AbortController();
    const ask = async () => {
      try {
        const answer = await api.listJobs({ signal: control.signal });
        setJobs(answer.jobs);
        setProblem(undefined);
      } catch (error) {
        if (!control.signal.aborted) setProblem(problemOf(error));
      }
    };
    void ask();
    const timer = setInterval(() => void ask(), POLL_MILLISECONDS);
    return () => {
      clearInterval(timer);
      control.abort();
    };
  }, [attempt]);

  const onChange = useCallback((changed: Job) => {
    setJobs((known) => known?.map((job) => (job.id === changed.id ? changed : job)));
    if (changed.state !== "done") return;
    for (const prefix of FORGOTTEN[changed.request.kind] ?? []) forgetResources(prefix);
    void refreshModels();
  }, []);
  const onStarted = useCallback((job: Job) => {
    setJobs((known) => [job, ...(known ?? []).filter(({ id }) => id !== job.id)]);
  }, []);

  return (
    <Room title="Jobs">
      <div className={styles.page}>
        <StartJob onStarted={onStarted} />
        {problem !== undefined && (
          <ErrorState
            inline
            problem={problem}
            action={<Button onClick={() => setAttempt(attempt + 1)}>Try again</Button>}
          />
        )}
        {jobs === undefined && problem === undefined && <Skeleton height={180} />}
        {jobs?.length === 0 && (
          <EmptyState title="No jobs yet">
            Start one above. A job keeps running when this page is closed, and its result is stored.
          </EmptyState>
        )}
        <div className={styles.list}>
          {jobs?.map((job) => (
            <JobItem key={job.id} job={job} onChange={onChange} />
          ))}
        </div>
      </div>
    </Room>
  );
}
