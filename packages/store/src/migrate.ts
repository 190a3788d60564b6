/**
 * Brings the tables up to date. The SQL is embedded as text, not read from files, so that it is there when the program is
 * bundled into one file.
 */
import { createHash } from "node:crypto";
import { PatchbayError } from "@patchbay/vocabulary";
import { sql } from "drizzle-orm";
import type { Connection } from "./connection.ts";
import { SNAPSHOTS_AND_JOBS } from "./migrations/0001-snapshots-and-jobs.ts";
import { PAUSE_DETAILS_LABELS } from "./migrations/0002-pause-details-labels.ts";
import { DOCUMENTS } from "./migrations/0003-documents.ts";

interface Migration {
  readonly name: string;
  readonly statements: string;
}

/** In order; only ever appended to. */
const MIGRATIONS: readonly Migration[] = [
  { name: "0001-snapshots-and-jobs", statements: SNAPSHOTS_AND_JOBS },
  { name: "0002-pause-details-labels", statements: PAUSE_DETAILS_LABELS },
  { name: "0003-documents", statements: DOCUMENTS },
];

/** Any number, the same for every server on one database: two that start together must not both migrate. */
const ADVISORY_LOCK = 7330;

export async function migrate({ database }: Connection, migrations = MIGRATIONS): Promise<void> {
  await database.transaction(async (transaction) => {
    await transaction.execute(sql`select pg_advisory_xact_lock(${sql.raw(String(ADVISORY_LOCK))})`);
    await transaction.execute(sql`create table if not exists patchbay_migrations (
      name text primary key, hash text not null, applied_at timestamptz not null default now())`);
    const { rows } = await transaction.execute<{ name: string; hash: string }>(
      sql`select name, hash from patchbay_migrations`,
    );
    const applied = new Map(rows.map(({ name, hash }) => [name, hash]));
    refuseNewer(applied, migrations);
    for (const { name, statements } of migrations) {
      if (applied.has(name)) continue;
      for (const statement of statements.split(/;\s*\n/)) {
        if (statement.trim() !== "") await transaction.execute(sql.raw(statement));
      }
      await transaction.execute(
        sql`insert into patchbay_migrations (name, hash) values (${name}, ${hashOf(statements)})`,
      );
    }
  });
}

function refuseNewer(applied: ReadonlyMap<string, string>, migrations: readonly Migration[]): void {
  const known = new Map(migrations.map(({ name, statements }) => [name, hashOf(statements)]));
  for (const [name, hash] of applied) {
    if (known.get(name) === hash) continue;
    throw new PatchbayError("conflict", "The database was made by another version of Patchbay.", {
      expected: `migrations up to ${migrations.at(-1)?.name}`,
      received: `migration ${name}${known.has(name) ? " with other statements" : ""}`,
      advice: "Update Patchbay, or point PATCHBAY_HOME or DATABASE_URL at another place.",
    });
  }
}

function hashOf(statements: string): string {
  return createHash("sha256").update(statements).digest("hex");
}
