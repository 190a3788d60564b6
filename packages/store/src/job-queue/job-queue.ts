/**
 * Long work that survives its process. A job is acknowledged when its row is committed, is run by the handler registered for
 * its kind, and is run again when the process dies on the way, or when it was paused and is resumed.
 */
import type { Connection } from "../connection.ts";
import { isFinished, type JobHandler, type JobRecord, type NewJob } from "./job.ts";
import { createJobChanges } from "./job-changes.ts";
import {
  cancelJob,
  claimJob,
  findJob,
  insertJob,
  newestJobs,
  pauseJob,
  requeueAbandoned,
  resumeJob,
} from "./job-table.ts";
import { type RunningJob, startJob } from "./running-job.ts";

/** How often a database that others write to is looked at, for new jobs and for changes of watched ones. */
const POLL_MILLISECONDS = 1000;
/** A watcher is told at most this often; changes in between are merged. */
const WATCH_MILLISECONDS = 100;

export interface JobQueue {
  /** Answers with the queued, running, paused or done job of the same content, if there is one. Resolves when committed. */
  create(job: NewJob): Promise<{ job: JobRecord; created: boolean }>;
  get(id: string): Promise<JobRecord | undefined>;
  /** Newest first. */
  list(limit?: number): Promise<JobRecord[]>;
  /** A finished job stays as it is. */
  cancel(id: string): Promise<JobRecord | undefined>;
  /**
   * A queued job stays aside; a running one is aborted, ends where it can save, and does not come back before `resume`,
   * also after a restart. A finished job stays as it is.
   */
  pause(id: string): Promise<JobRecord | undefined>;
  /** Queues a paused job again, with its old priority; any other stays as it is. */
  resume(id: string): Promise<JobRecord | undefined>;
  /** The job at once, then after each change, until it is finished or the signal aborts. */
  watch(id: string, signal: AbortSignal): AsyncGenerator<JobRecord>;
  register(kind: string, handler: JobHandler): void;
  /** Puts back what a dead process left running, and starts to work. */
  start(): Promise<void>;
  /** Aborts what runs here and puts it back, to be run at the next start. */
  stop(): Promise<void>;
}

export interface JobQueueOptions {
  /** How many jobs run at once in this process. */
  readonly concurrency?: number;
  /** Failures that are nobody's request: a handler's bug, or the database while working. */
  readonly report?: (error: unknown) => void;
}

export function openJobQueue(connection: Connection, options: JobQueueOptions = {}): JobQueue {
  const { database, kind: databaseKind } = connection;
  const { concurrency = 1, report = (error) => process.emitWarning(String(error)) } = options;
  const alone = databaseKind === "embedded";
  const handlers = new Map<string, JobHandler>();
  const running = new Map<string, RunningJob>();
  const changes = createJobChanges();
  let working = false;
  let filling: Promise<void> | undefined;
  let poll: NodeJS.Timeout | undefined;

  async function fillSlots(): Promise<void> {
    while (working && running.size < concurrency) {
      const job = await claimJob(database, [...handlers.keys()]);
      const handler = job && handlers.get(job.kind);
      if (job === undefined || handler === undefined) return;
      const run = startJob({ database, job, handler, report, announce: () => changes.announce(job.id) });
      running.set(job.id, run);
      changes.announce(job.id);
      void run.settled.finally(() => {
        running.delete(job.id);
        changes.announce(job.id);
        wake();
      });
    }
  }

  /** One filling at a time; a wake-up that comes meanwhile fills once more. */
  let wokenMeanwhile = false;
  function wake(): void {
    if (!working) return;
    if (filling !== undefined) {
      wokenMeanwhile = true;
      return;
    }
    wokenMeanwhile = false;
    filling = fillSlots()
      .catch(report)
      .finally(() => {
        filling = undefined;
        if (wokenMeanwhile) wake();
      });
  }

  const current = (job: JobRecord): JobRecord => {
    const live = running.get(job.id)?.live;
    return live !== undefined && (job.state === "running" || job.state === "paused") ? { ...job, ...live } : job;
  };

  const queue: JobQueue = {
    async create(job) {
      const answer = await insertJob(database, job);
      if (answer.created) wake();
      return { ...answer, job: current(answer.job) };
    },
    async get(id) {
      const job = await findJob(database, id);
      return job && current(job);
    },
    list: async (limit = 200) => (await newestJobs(database, limit)).map(current),
    async cancel(id) {
      await cancelJob(database, id);
      running.get(id)?.abort();
      changes.announce(id);
      return queue.get(id);
    },
    async pause(id) {
      await pauseJob(database, id);
      running.get(id)?.pause();
      changes.announce(id);
      return queue.get(id);
    },
    async resume(id) {
      await resumeJob(database, id);
      changes.announce(id);
      wake();
      return queue.get(id);
    },
    async *watch(id, signal) {
      const subscription = changes.subscribe(id);
      let last = "";
      try {
        while (!signal.aborted) {
          const job = await queue.get(id);
          if (job === undefined) return;
          const text = JSON.stringify(job);
          if (text !== last) yield job;
          last = text;
          if (isFinished(job.state)) return;
          await subscription.wait(POLL_MILLISECONDS, signal);
          if (!signal.aborted) await new Promise((resolve) => setTimeout(resolve, WATCH_MILLISECONDS));
        }
      } finally {
        subscription.close();
      }
    },
    register(kind, handler) {
      handlers.set(kind, handler);
      wake();
    },
    async start() {
      await requeueAbandoned(database, { everything: alone });
      working = true;
      wake();
      if (alone) return;
      poll = setInterval(() => {
        requeueAbandoned(database, { everything: false }).then(wake, report);
      }, POLL_MILLISECONDS);
      poll.unref();
    },
    async stop() {
      working = false;
      clearInterval(poll);
      await filling;
      await Promise.all([...running.values()].map((run) => run.putBack()));
    },
  };
  return queue;
}
