/** What a job is, for those who start, watch and run them. Requests and results are the caller's business. */
import type { JobProblem, JobState, jobs } from "../schema.ts";

export interface JobRecord {
  readonly id: string;
  readonly kind: string;
  readonly contentKey: string;
  readonly request: object;
  readonly state: JobState;
  /** 0…1 */
  readonly progress: number;
  readonly message: string;
  readonly createdAt: Date;
  readonly startedAt: Date | undefined;
  readonly finishedAt: Date | undefined;
  readonly result: unknown;
  readonly problem: JobProblem | undefined;
}

export interface NewJob {
  readonly kind: string;
  /** Hash of everything the result depends on. */
  readonly contentKey: string;
  readonly request: object;
  /** Lower runs first; default 0. */
  readonly priority?: number;
  /** Run again although the same job is done: its artefact was deleted. */
  readonly again?: boolean;
}

export interface JobContext {
  /** Aborted when the job is cancelled or the process stops. */
  readonly signal: AbortSignal;
  progress(fraction: number, message: string): void;
}

/** Must be idempotent: after a crash the job runs again from its start. What it returns is stored as JSON. */
export type JobHandler = (request: object, context: JobContext) => Promise<object>;

export function isFinished(state: JobState): boolean {
  return state === "done" || state === "failed" || state === "cancelled";
}

export function recordOf(row: typeof jobs.$inferSelect): JobRecord {
  return {
    id: row.id,
    kind: row.kind,
    contentKey: row.contentKey,
    request: row.request,
    state: row.state,
    progress: row.progress,
    message: row.message,
    createdAt: row.createdAt,
    startedAt: row.startedAt ?? undefined,
    finishedAt: row.finishedAt ?? undefined,
    result: row.result ?? undefined,
    problem: row.problem ?? undefined,
  };
}
