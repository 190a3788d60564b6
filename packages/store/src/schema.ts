/**
 * The tables, as Drizzle sees them. `migrations/` holds the SQL that makes them; both dialect and SQL are Postgres', whether
 * it runs embedded (PGlite) or as a server.
 *
 * Documents are `json`, not `jsonb`: the text is kept as it was written, so that every number comes back to the last bit and
 * a prompt may hold any character, U+0000 included.
 */
import { doublePrecision, index, integer, json, pgTable, primaryKey, text, timestamp } from "drizzle-orm/pg-core";

const moment = (name: string) => timestamp(name, { withTimezone: true, mode: "date", precision: 3 });

export const snapshots = pgTable(
  "snapshots",
  {
    /** Made from the content, so storing the same finding twice stores it once. */
    id: text("id").primaryKey(),
    createdAt: moment("created_at").notNull(),
    /** What a list shows; lists never read the documents. */
    summary: json("summary").$type<object>().notNull(),
    document: json("document").$type<object>().notNull(),
  },
  (table) => [index("snapshots_created_at").on(table.createdAt.desc(), table.id)],
);

export const JOB_STATES = ["queued", "running", "paused", "done", "failed", "cancelled"] as const;
export type JobState = (typeof JOB_STATES)[number];

export const jobs = pgTable(
  "jobs",
  {
    id: text("id").primaryKey(),
    kind: text("kind").notNull(),
    /** Hash of everything the result depends on: at most one queued, running or paused job has it. */
    contentKey: text("content_key").notNull(),
    request: json("request").$type<object>().notNull(),
    state: text("state", { enum: JOB_STATES }).notNull(),
    /** Lower runs first. */
    priority: integer("priority").notNull(),
    progress: doublePrecision("progress").notNull(),
    message: text("message").notNull(),
    createdAt: moment("created_at").notNull(),
    startedAt: moment("started_at"),
    finishedAt: moment("finished_at"),
    /**
     * Until when the process that runs the job has promised to report again. A job that was paused keeps it until its
     * handler has ended, so that nobody runs it anew while the first run is still saving.
     */
    leaseUntil: moment("lease_until"),
    result: json("result").$type<object>(),
    problem: json("problem").$type<JobProblem>(),
    /** What the job showed last beyond its progress. */
    details: json("details").$type<unknown>(),
  },
  (table) => [index("jobs_state").on(table.state, table.priority, table.createdAt)],
);

export const documents = pgTable(
  "documents",
  {
    /** Made from the content, so storing the same document twice stores it once. */
    id: text("id").primaryKey(),
    kind: text("kind").notNull(),
    model: text("model"),
    title: text("title").notNull(),
    createdAt: moment("created_at").notNull(),
    summary: json("summary").$type<object>().notNull(),
    document: json("document").$type<object>().notNull(),
  },
  (table) => [index("documents_kind").on(table.kind, table.createdAt.desc(), table.id)],
);

export const unitLabels = pgTable(
  "unit_labels",
  {
    modelHash: text("model_hash").notNull(),
    source: text("source").notNull(),
    unit: integer("unit").notNull(),
    label: text("label").notNull(),
    updatedAt: moment("updated_at").notNull(),
  },
  (table) => [primaryKey({ columns: [table.modelHash, table.source, table.unit] })],
);

export interface JobProblem {
  readonly code: string;
  readonly detail: string;
}
