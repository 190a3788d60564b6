/** Acknowledged means kept: a process that stores is killed without warning, and everything it announced must be there. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { openStore } from "./open-store.ts";

const WRITER = fileURLToPath(new URL("./testing/endless-writer.ts", import.meta.url));

test("kill -9 in the middle of inserts loses nothing acknowledged", { timeout: 60_000 }, async (context) => {
  const home = await mkdtemp(join(tmpdir(), "patchbay-kill-"));
  context.after(() => rm(home, { recursive: true, force: true }));
  const acknowledged: { kind: string; id: string }[] = [];
  for (const enough of [10, 40]) {
    let announced = 0;
    const child = spawn(process.execPath, ["--import", "tsx", WRITER, home], { stdio: ["ignore", "pipe", "inherit"] });
    const exited = new Promise((resolve) => child.once("exit", (_, signal) => resolve(signal)));
    for await (const line of createInterface(child.stdout)) {
      if (line === "open") continue;
      acknowledged.push(JSON.parse(line));
      // The writer does not wait for us: it is somewhere in the middle of the next ones.
      if (++announced === enough) child.kill("SIGKILL");
    }
    assert.equal(await exited, "SIGKILL", "killed, not ended by itself");
  }
  assert.deepEqual([...new Set(acknowledged.map(({ kind }) => kind))].sort(), ["document", "job", "snapshot"]);

  const store = await openStore({ home });
  context.after(() => store.close());
  for (const { kind, id } of acknowledged) {
    const found = await (kind === "job"
      ? store.jobs.get(id)
      : kind === "document"
        ? store.documents.get(kind, id)
        : store.snapshots.get(id));
    assert.ok(found, `${kind} ${id} was acknowledged and is gone`);
  }
});
