import assert from "node:assert/strict";
import { mkdir, mkdtemp, readdir, rm, utimes, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, test } from "node:test";
import { lockFolder } from "./folder-lock.ts";

let folder = "";
before(async () => {
  folder = await mkdtemp(join(tmpdir(), "patchbay-lock-"));
});
after(() => rm(folder, { recursive: true, force: true }));

test("a held lock refuses, a released one is free, and nothing is left behind", async () => {
  const unlock = await lockFolder(folder, "database");
  await assert.rejects(lockFolder(folder, "database"), { code: "conflict", message: new RegExp(`${process.pid}`) });
  await unlock();
  await (await lockFolder(folder, "database"))();
  assert.deepEqual(await readdir(folder), []);
});

test("of many that ask at once for a dead process's lock, one gets it", async () => {
  // Above the largest process id that Linux gives out.
  await writeFile(join(folder, "database.lock"), JSON.stringify({ pid: 2 ** 22 + 1, token: "dead" }));
  const outcomes = await Promise.allSettled(Array.from({ length: 40 }, () => lockFolder(folder, "database")));
  const held = outcomes.filter((outcome) => outcome.status === "fulfilled");
  assert.equal(held.length, 1);
  await held[0]?.value();
});

test("an abandoned guard of a takeover does not hold up the next one", async () => {
  await writeFile(join(folder, "database.lock"), JSON.stringify({ pid: 2 ** 22 + 1, token: "dead" }));
  const guard = join(folder, "database.lock.takeover");
  await mkdir(guard);
  const long = new Date(Date.now() - 60_000);
  await utimes(guard, long, long);
  await (await lockFolder(folder, "database"))();
  assert.deepEqual(await readdir(folder), []);
});

test("a living process that was given the dead owner's id does not count", {
  skip: process.platform !== "linux" && "needs /proc",
}, async () => {
  await writeFile(join(folder, "database.lock"), JSON.stringify({ pid: process.ppid, started: "1", token: "dead" }));
  await (await lockFolder(folder, "database"))();
});
