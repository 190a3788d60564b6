import assert from "node:assert/strict";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { sql } from "drizzle-orm";
import { connectEmbedded } from "./connection.ts";
import { migrate } from "./migrate.ts";
import { SNAPSHOTS_AND_JOBS } from "./migrations/0001-snapshots-and-jobs.ts";
import { openStore } from "./open-store.ts";

test("a database of the first version is brought up to date with its jobs, and a newer one is refused", async (context) => {
  const home = await mkdtemp(join(tmpdir(), "patchbay-migrate-"));
  context.after(() => rm(home, { recursive: true, force: true }));
  const old = await connectEmbedded(home);
  const first = [{ name: "0001-snapshots-and-jobs", statements: SNAPSHOTS_AND_JOBS }];
  await migrate(old, first);
  await old.database.execute(sql`insert into jobs (id, kind, content_key, request, state, priority, progress, message,
    created_at) values ('a', 'neuron-map', 'key', '{"kind": "neuron-map"}', 'queued', 0, 0, '', now())`);
  await old.close();

  const store = await openStore({ home });
  assert.deepEqual((await store.jobs.get("a"))?.request, { kind: "neuron-map" });
  assert.equal((await store.jobs.pause("a"))?.state, "paused");
  await store.close();

  const again = await connectEmbedded(home);
  context.after(() => again.close());
  await assert.rejects(migrate(again, first), { code: "conflict", message: /0002-pause-details-labels/ });
});
