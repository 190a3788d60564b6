/** One job while its handler works: progress, lease, and how it ends. */
import { PatchbayError } from "@patchbay/vocabulary";
import type { Database } from "../connection.ts";
import type { JobHandler, JobRecord } from "./job.ts";
import { completeJob, failJob, reportJob, requeueJob } from "./job-table.ts";

/** Progress is written this often at most; in between it is told from memory. The same write renews the lease. */
const REPORT_MILLISECONDS = 1000;

export interface RunningJob {
  readonly live: { readonly progress: number; readonly message: string };
  /** Resolves, never rejects, when the outcome is stored. */
  readonly settled: Promise<void>;
  abort(): void;
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
  const live = { progress: 0, message: "" };
  let puttingBack = false;

  const heartbeat = setInterval(() => {
    reportJob(database, job.id, live.progress, live.message).then((stillRunning) => {
      if (!stillRunning) controller.abort(cancelled());
    }, report);
  }, REPORT_MILLISECONDS);

  const context = {
    signal: controller.signal,
    progress(fraction: number, message: string) {
      live.progress = Math.min(1, Math.max(0, fraction));
      live.message = message;
      announce();
    },
  };

  async function work(): Promise<void> {
    try {
      const result = await handler(job.request, context);
      await completeJob(database, job.id, result);
    } catch (error) {
      if (puttingBack) await requeueJob(database, job.id);
      // A cancelled job is already marked so; whatever its handler threw on the way out is the abort itself.
      else if (!controller.signal.aborted) await failJob(database, job.id, problemOf(error, report));
    } finally {
      clearInterval(heartbeat);
    }
  }

  const settled = work().catch(report);
  return {
    live,
    settled,
    abort: () => controller.abort(cancelled()),
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

function problemOf(error: unknown, report: (error: unknown) => void): { code: string; detail: string } {
  if (error instanceof PatchbayError) return { code: error.code, detail: error.message };
  report(error);
  return { code: "internal-error", detail: error instanceof Error ? error.message : String(error) };
}
