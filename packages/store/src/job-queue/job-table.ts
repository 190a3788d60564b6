/**
 * The queue as rows: each function is one statement, so each change is whole or absent, and a state is left only once.
 * See docs/decisions/0003-job-queue.md.
 */
import { randomBytes } from "node:crypto";
import { and, asc, desc, eq, inArray, isNull, lt, or, sql } from "drizzle-orm";
import type { Database } from "../connection.ts";
import { type JobProblem, type JobState, jobs } from "../schema.ts";
import { type JobRecord, type NewJob, recordOf } from "./job.ts";

/** A process that has not reported for this long is taken for dead. */
const LEASE_MILLISECONDS = 30_000;
/** At most one job of a content key is in one of these, and `done` comes after. */
const UNFINISHED = ["queued", "running", "paused"] as const;
const NOT_STARTED = { state: "queued", progress: 0, message: "", startedAt: null, leaseUntil: null } as const;

export async function insertJob(database: Database, job: NewJob): Promise<{ job: JobRecord; created: boolean }> {
  const { kind, contentKey, request, priority = 0, again = false } = job;
  for (;;) {
    const [existing] = await database
      .select()
      .from(jobs)
      .where(
        and(eq(jobs.contentKey, contentKey), inArray(jobs.state, again ? [...UNFINISHED] : [...UNFINISHED, "done"])),
      )
      .orderBy(desc(jobs.createdAt))
      .limit(1);
    if (existing !== undefined) {
      const hurry = existing.state === "queued" && priority < existing.priority;
      return { job: recordOf(hurry ? await hasten(database, existing, priority) : existing), created: false };
    }
    // The unique index on unfinished keys decides between two that ask at the same moment; the loser looks again.
    const [inserted] = await database
      .insert(jobs)
      .values({
        ...NOT_STARTED,
        id: randomBytes(8).toString("hex"),
        kind,
        contentKey,
        request,
        priority,
        createdAt: new Date(),
      })
      .onConflictDoNothing()
      .returning();
    if (inserted !== undefined) return { job: recordOf(inserted), created: true };
  }
}

/** Somebody now waits for what was queued as background work. */
async function hasten(database: Database, job: typeof jobs.$inferSelect, priority: number) {
  const [hastened] = await database.update(jobs).set({ priority }).where(eq(jobs.id, job.id)).returning();
  return hastened ?? job;
}

export async function findJob(database: Database, id: string): Promise<JobRecord | undefined> {
  const [row] = await database.select().from(jobs).where(eq(jobs.id, id));
  return row && recordOf(row);
}

export async function newestJobs(database: Database, limit: number): Promise<JobRecord[]> {
  const rows = await database.select().from(jobs).orderBy(desc(jobs.createdAt), jobs.id).limit(limit);
  return rows.map(recordOf);
}

/** Takes the next job of the given kinds; SKIP LOCKED lets several processes take from one database without waiting. */
export async function claimJob(database: Database, kinds: readonly string[]): Promise<JobRecord | undefined> {
  if (kinds.length === 0) return undefined;
  const next = database
    .select({ id: jobs.id })
    .from(jobs)
    .where(
      and(
        eq(jobs.state, "queued"),
        inArray(jobs.kind, [...kinds]),
        or(isNull(jobs.leaseUntil), lt(jobs.leaseUntil, new Date())),
      ),
    )
    .orderBy(asc(jobs.priority), asc(jobs.createdAt))
    .limit(1)
    .for("update", { skipLocked: true });
  const [row] = await database
    .update(jobs)
    .set({ state: "running", startedAt: new Date(), leaseUntil: leaseEnd() })
    .where(eq(jobs.id, sql`(${next})`))
    .returning();
  return row && recordOf(row);
}

/** What a running job tells of itself. */
export interface JobReport {
  readonly progress: number;
  readonly message: string;
  /** Left out: as they were. */
  readonly details?: unknown;
}

/** The state that the job is in now. Other than running: it was cancelled or paused, perhaps by another process. */
export async function reportJob(database: Database, id: string, report: JobReport): Promise<JobState | undefined> {
  const rows = await database
    .update(jobs)
    .set({ ...report, leaseUntil: leaseEnd() })
    .where(running(id))
    .returning({ id: jobs.id });
  return rows.length > 0 ? "running" : (await findJob(database, id))?.state;
}

/** Also a job that was paused at the moment when it ended: there is nothing left to resume. */
export async function completeJob(database: Database, id: string, result: object): Promise<void> {
  await database
    .update(jobs)
    .set({ state: "done", progress: 1, message: "", details: null, finishedAt: new Date(), leaseUntil: null, result })
    .where(and(eq(jobs.id, id), inArray(jobs.state, ["running", "paused"])));
}

export async function failJob(database: Database, id: string, report: JobReport, problem: JobProblem): Promise<void> {
  await database
    .update(jobs)
    .set({ ...report, state: "failed", finishedAt: new Date(), leaseUntil: null, problem })
    .where(running(id));
}

export async function cancelJob(database: Database, id: string): Promise<void> {
  await database
    .update(jobs)
    .set({ state: "cancelled", finishedAt: new Date(), leaseUntil: null })
    .where(and(eq(jobs.id, id), inArray(jobs.state, [...UNFINISHED])));
}

/** Keeps the lease: a run that is still saving ends first (`releaseJob`). */
export async function pauseJob(database: Database, id: string): Promise<void> {
  await database
    .update(jobs)
    .set({ state: "paused" })
    .where(and(eq(jobs.id, id), inArray(jobs.state, ["queued", "running"])));
}

export async function resumeJob(database: Database, id: string): Promise<void> {
  await database
    .update(jobs)
    .set({ state: "queued" })
    .where(and(eq(jobs.id, id), eq(jobs.state, "paused")));
}

/** The run of a job that was paused has ended; what it told last stays to be seen, and the job may be run again. */
export async function releaseJob(database: Database, id: string, report: Partial<JobReport>): Promise<void> {
  await database
    .update(jobs)
    .set({ ...report, leaseUntil: null })
    .where(and(eq(jobs.id, id), inArray(jobs.state, ["paused", "queued"])));
}

export async function requeueJob(database: Database, id: string): Promise<void> {
  await database.update(jobs).set(NOT_STARTED).where(running(id));
}

/**
 * Puts the jobs of dead processes back. `everything`: nobody else can have the database open, so each running job is one
 * that died with its process, whatever its lease says.
 */
export async function requeueAbandoned(database: Database, { everything }: { everything: boolean }): Promise<string[]> {
  const abandoned = everything ? undefined : lt(jobs.leaseUntil, new Date());
  const rows = await database
    .update(jobs)
    .set(NOT_STARTED)
    .where(and(eq(jobs.state, "running"), abandoned))
    .returning({ id: jobs.id });
  // Paused, or resumed since, while a run of the dead process was still ending: nobody will release them.
  if (everything)
    await database
      .update(jobs)
      .set({ leaseUntil: null })
      .where(inArray(jobs.state, ["paused", "queued"]));
  return rows.map(({ id }) => id);
}

function running(id: string) {
  return and(eq(jobs.id, id), eq(jobs.state, "running"));
}

function leaseEnd(): Date {
  return new Date(Date.now() + LEASE_MILLISECONDS);
}
