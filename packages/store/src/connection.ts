/** One way to talk to both databases: embedded PGlite in the data folder, or a Postgres server. */
import { join } from "node:path";
import { PatchbayError } from "@patchbay/vocabulary";
import type { PgDatabase, PgQueryResultHKT } from "drizzle-orm/pg-core";
import { lockFolder } from "./folder-lock.ts";

/** What both drivers' results have in common. */
interface Rows<Row> {
  readonly rows: Row[];
}
interface RowsResult extends PgQueryResultHKT {
  readonly type: Rows<this["row"]>;
}
export type Database = PgDatabase<RowsResult>;

export interface Connection {
  readonly kind: "embedded" | "postgres";
  readonly database: Database;
  close(): Promise<void>;
}

/** @throws PatchbayError `conflict` when another process has the folder open. */
export async function connectEmbedded(home: string): Promise<Connection> {
  const [{ openPglite }, { drizzle }] = await Promise.all([import("./open-pglite.ts"), import("drizzle-orm/pglite")]);
  const unlock = await lockFolder(home, "database");
  try {
    const client = await openPglite(join(home, "database"));
    return {
      kind: "embedded",
      database: drizzle(client) as unknown as Database,
      close: () => client.close().finally(unlock),
    };
  } catch (cause) {
    await unlock();
    throw cause;
  }
}

export async function connectPostgres(url: string): Promise<Connection> {
  const [{ Pool }, { drizzle }] = await Promise.all([import("pg"), import("drizzle-orm/node-postgres")]);
  const pool = new Pool({ connectionString: url, application_name: "patchbay", max: 8 });
  // An idle connection that the server drops is replaced at its next use, where a lasting failure is reported.
  pool.on("error", () => undefined);
  try {
    await pool.query("select 1");
  } catch (cause) {
    await pool.end();
    throw new PatchbayError("not-ready", "The database in DATABASE_URL does not answer.", {
      received: cause instanceof Error ? cause.message : String(cause),
      advice: "Check DATABASE_URL, or unset it to use the embedded database.",
      cause,
    });
  }
  return { kind: "postgres", database: drizzle(pool) as unknown as Database, close: () => pool.end() };
}
