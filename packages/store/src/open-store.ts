/** Everything that outlives the process, in one data folder or, with DATABASE_URL, in a Postgres server. */
import { connectEmbedded, connectPostgres } from "./connection.ts";
import { type DocumentShelf, openDocumentShelf } from "./document-shelf.ts";
import { type JobQueue, type JobQueueOptions, openJobQueue } from "./job-queue/job-queue.ts";
import { migrate } from "./migrate.ts";
import { openSnapshotShelf, type SnapshotShelf } from "./snapshot-shelf.ts";
import { openUnitLabels, type UnitLabelShelf } from "./unit-labels.ts";

export interface Store {
  readonly kind: "embedded" | "postgres";
  readonly snapshots: SnapshotShelf;
  readonly documents: DocumentShelf;
  readonly jobs: JobQueue;
  readonly labels: (modelHash: string) => UnitLabelShelf;
  /** Stops the jobs and closes the database. */
  close(): Promise<void>;
}

export interface StoreOptions extends JobQueueOptions {
  /** The data folder. */
  readonly home: string;
  /** `postgres://…`; without it the database is a folder in the data folder. */
  readonly databaseUrl?: string;
}

/** @throws PatchbayError `conflict` when another process has the data folder's database open. */
export async function openStore({ home, databaseUrl, ...jobOptions }: StoreOptions): Promise<Store> {
  const connection = await (databaseUrl === undefined ? connectEmbedded(home) : connectPostgres(databaseUrl));
  try {
    await migrate(connection);
  } catch (error) {
    await connection.close();
    throw error;
  }
  const jobs = openJobQueue(connection, jobOptions);
  return {
    kind: connection.kind,
    snapshots: openSnapshotShelf(connection),
    documents: openDocumentShelf(connection),
    jobs,
    labels: openUnitLabels(connection),
    async close() {
      await jobs.stop();
      await connection.close();
    },
  };
}
