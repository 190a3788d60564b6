/**
 * The queue as rows: each function is one statement, so each change is whole or absent, and a state is left only once.
 * See docs/decisions/0003-job-queue.md.
 */
import { randomBytes } from "node:crypto";
import { and, asc, desc, eq, inArray, lt, sql } from "drizzle-orm";
import type { Database } from "../connection.ts";
import { type JobProblem, jobs } from "../schema.ts";
import { type JobRecord, type NewJob, recordOf } from "./job.ts";

/** A process that has not reported for this long is taken for dead. */
const LEASE_MILLISECONDS = 30_000;
const NOT_STARTED = { state: "queued", progress: 0, message: "", startedAt: null, leaseUntil: null } as const;

export async function insertJob(database: Database, job: NewJob): Promise<{ job: JobRecord; created: boolean }> {
  const { kind, contentKey, request, priority = 0, again = false } = job;
  for (;;) {
    const [existing] = await database
      .select()
      .from(jobs)
      .where(
        and(
          eq(jobs.contentKey, contentKey),
          inArray(jobs.state, again ? ["queued", "running"] : ["queued", "running", "done"]),
        ),
      )
      .orderBy(desc(jobs.createdAt))
      .limit(1);
    if (existing !== undefined) {
      const hurry = existing.state === "queued" && priority < existing.priority;
      return { job: recordOf(hurry ? await hasten(database, existing, priority) : existing), created: false };
    }
    // The unique index on queued and running keys decides between two that ask at the same moment; the loser looks again.
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
    .where(and(eq(jobs.state, "queued"), inArray(jobs.kind, [...kinds])))
    .orderBy(asc(jobs.priority), asc(jobs.createdAt))
    .limit(1)
    .for("update", { skipLocked: true });
  const [row] = await database
    .update(jobs)
    .set({ state: "running", startedAt: new Date(), leaseUntil: leaseEnd(), progress: 0, message: "" })
    .where(eq(jobs.id, sql`(${next})`))
    .returning();
  return row && recordOf(row);
}

/** False when the job is no longer running: it was cancelled, perhaps by another process. */
export async function reportJob(database: Database, id: string, progress: number, message: string): Promise<boolean> {
  const rows = await database
    .update(jobs)
    .set({ progress, message, leaseUntil: leaseEnd() })
    .where(running(id))
    .returning({ id: jobs.id });
  return rows.length > 0;
}

export async function completeJob(database: Database, id: string, result: object): Promise<void> {
  await database
    .update(jobs)
    .set({ state: "done", progress: 1, message: "", finishedAt: new Date(), leaseUntil: null, result })
    .where(running(id));
}

export async function failJob(database: Database, id: string, problem: JobProblem): Promise<void> {
  await database
    .update(jobs)
    .set({ state: "failed", finishedAt: new Date(), leaseUntil: null, problem })
    .where(running(id));
}

export async function cancelJob(database: Database, id: string): Promise<void> {
  await database
    .update(jobs)
    .set({ state: "cancelled", finishedAt: new Date(), leaseUntil: null })
    .where(and(eq(jobs.id, id), inArray(jobs.state, ["queued", "running"])));
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
  return rows.map(({ id }) => id);
}

function running(id: string) {
  return and(eq(jobs.id, id), eq(jobs.state, "running"));
}

function leaseEnd(): Date {
  return new Date(Date.now() + LEASE_MILLISECONDS);
}
