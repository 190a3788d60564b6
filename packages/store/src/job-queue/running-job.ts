/** One job while its handler works: progress, lease, and how it ends. */
import { PatchbayError } from "@patchbay/vocabulary";
import type { Database } from "../connection.ts";
import type { JobHandler, JobRecord } from "./job.ts";
import { completeJob, failJob, type JobReport, releaseJob, reportJob, requeueJob } from "./job-table.ts";

/** Progress is written this often at most; in between it is told from memory. The same write renews the lease. */
const REPORT_MILLISECONDS = 1000;

export interface RunningJob {
  readonly live: { readonly progress: number; readonly message: string; readonly details: unknown };
  /** Resolves, never rejects, when the outcome is stored. */
  readonly settled: Promise<void>;
  abort(): void;
  /** Aborts; the job is already marked as paused. */
  pause(): void;
  /** Aborts, and queues the job again. */
  putBack(): Promise<void>;
}

interface Start {
  readonly database: Database;
  readonly job: JobRecord;
  readonly handler: JobHandler;
  readonly announce: () => void;
  readonly report: (error: unknown) => void;
}

export function startJob({ database, job, handler, announce, report }: Start): RunningJob {
  const controller = new AbortController();
  // A resumed job begins where its bar stood.
  const live = { progress: job.progress, message: job.message, details: job.details };
  let stored = live.details;
  let puttingBack = false;

  /** Details may be large: they are written where they changed. */
  function newReport(): JobReport {
    const { details, ...rest } = live;
    return details === stored ? rest : { ...rest, details };
  }

  async function sendReport(): Promise<void> {
    const { details } = live;
    const state = await reportJob(database, job.id, newReport());
    if (state === "running") stored = details;
    else controller.abort(state === "paused" ? paused() : cancelled());
  }
  const heartbeat = setInterval(() => void sendReport().catch(report), REPORT_MILLISECONDS);

  const context = {
    signal: controller.signal,
    progress(fraction: number, message: string, details?: unknown) {
      live.progress = Math.min(1, Math.max(0, fraction));
      live.message = message;
      if (details !== undefined) live.details = details;
      announce();
    },
  };

  async function work(): Promise<void> {
    try {
      const result = await handler(job.request, context);
      await completeJob(database, job.id, result);
    } catch (error) {
      if (puttingBack) await requeueJob(database, job.id);
      // A cancelled or paused job is already marked so; what its handler threw on the way out is the abort itself.
      else if (!controller.signal.aborted) await failJob(database, job.id, newReport(), problemOf(error, report));
    } finally {
      clearInterval(heartbeat);
      if (controller.signal.aborted) await releaseJob(database, job.id, puttingBack ? {} : newReport());
    }
  }

  const settled = work().catch(report);
  return {
    live,
    settled,
    abort: () => controller.abort(cancelled()),
    pause: () => controller.abort(paused()),
    putBack() {
      puttingBack = true;
      controller.abort(cancelled());
      return settled;
    },
  };
}

function cancelled(): PatchbayError {
  return new PatchbayError("cancelled", "The job was stopped.");
}

function paused(): PatchbayError {
  return new PatchbayError("cancelled", "The job was paused.");
}

function problemOf(error: unknown, report: (error: unknown) => void): { code: string; detail: string } {
  if (error instanceof PatchbayError) return { code: error.code, detail: error.message };
  if (error instanceof Error && "code" in error && error.code === "ENOSPC") {
    const detail = "The disk is full. Free some space and start the job again; it continues from what it had saved.";
    return { code: "internal-error", detail };
  }
  report(error);
  return { code: "internal-error", detail: error instanceof Error ? error.message : String(error) };
}
