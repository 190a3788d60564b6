/** Immutable documents, found by an id made from their content. What they hold is the caller's business. */
import { count, desc, eq } from "drizzle-orm";
import type { Connection } from "./connection.ts";
import { snapshots } from "./schema.ts";

export interface StoredSnapshot {
  readonly id: string;
  readonly createdAt: Date;
  readonly summary: object;
  readonly document: object;
}
export type StoredSummary = Omit<StoredSnapshot, "document">;

export interface SnapshotShelf {
  /** Resolves when the row is committed. The same id again keeps, and returns, the first. */
  put(snapshot: Omit<StoredSnapshot, "createdAt">): Promise<StoredSummary>;
  get(id: string): Promise<StoredSnapshot | undefined>;
  /** Newest first. */
  list(page: { offset: number; limit: number }): Promise<{ total: number; rows: StoredSummary[] }>;
}

const SUMMARY_COLUMNS = { id: snapshots.id, createdAt: snapshots.createdAt, summary: snapshots.summary };

export function openSnapshotShelf({ database }: Connection): SnapshotShelf {
  return {
    async put({ id, summary, document }) {
      const [inserted] = await database
        .insert(snapshots)
        .values({ id, summary, document, createdAt: new Date() })
        .onConflictDoNothing()
        .returning(SUMMARY_COLUMNS);
      if (inserted !== undefined) return inserted;
      const [first] = await database.select(SUMMARY_COLUMNS).from(snapshots).where(eq(snapshots.id, id));
      if (first === undefined) throw new Error(`snapshot ${id} was neither inserted nor found`);
      return first;
    },
    async get(id) {
      const [row] = await database.select().from(snapshots).where(eq(snapshots.id, id));
      return row;
    },
    async list({ offset, limit }) {
      const [counted] = await database.select({ total: count() }).from(snapshots);
      const rows = await database
        .select(SUMMARY_COLUMNS)
        .from(snapshots)
        .orderBy(desc(snapshots.createdAt), snapshots.id)
        .offset(offset)
        .limit(limit);
      return { total: counted?.total ?? 0, rows };
    },
  };
}
