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
  /** What it shows beyond its progress, as JSON; undefined where nothing was told. */
  readonly details: unknown;
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
  /** Aborted when the job is cancelled or paused, or the process stops: the handler saves what it needs, and throws. */
  readonly signal: AbortSignal;
  /** `details`, any JSON, stay until others are given; they are written with the next periodic report. */
  progress(fraction: number, message: string, details?: unknown): void;
}

/** Must be idempotent: after a crash or a pause the job runs again, from its start or from what it saved itself. What it returns is stored as JSON. */
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
    details: row.details ?? undefined,
    createdAt: row.createdAt,
    startedAt: row.startedAt ?? undefined,
    finishedAt: row.finishedAt ?? undefined,
    result: row.result ?? undefined,
    problem: row.problem ?? undefined,
  };
}
