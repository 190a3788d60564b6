/**
 * One process at a time per folder. The lock is a file with the owner's process id and start time; the start time tells a
 * living owner from another process that was given the same id later (in a container, the first id is the same at every start).
 */
import { randomUUID } from "node:crypto";
import { readFileSync } from "node:fs";
import { link, mkdir, readFile, rmdir, stat, unlink, writeFile } from "node:fs/promises";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { PatchbayError } from "@patchbay/vocabulary";

const GUARD_POLL_MILLISECONDS = 5;
const GUARD_LIFETIME_MILLISECONDS = 10_000;

interface Owner {
  readonly pid: number;
  /** Clock ticks since boot, from /proc; absent on systems without it. */
  readonly started?: string;
  /** Tells two locks of one process apart. */
  readonly token: string;
}

/**
 * Returns the function that releases the lock.
 * @throws PatchbayError `conflict` while another live process holds it.
 */
export async function lockFolder(folder: string, name: string): Promise<() => Promise<void>> {
  await mkdir(folder, { recursive: true });
  const path = join(folder, `${name}.lock`);
  const own: Owner = { pid: process.pid, ...startOf(process.pid), token: randomUUID() };
  const complete = `${path}.${own.token}`;
  // Written aside and linked into place: nobody ever reads half a lock file.
  await writeFile(complete, JSON.stringify(own));
  try {
    while (!(await succeeds(link(complete, path), "EEXIST"))) {
      const text = await readFile(path, "utf8").catch(ignore("ENOENT"));
      if (text === undefined) continue;
      const owner = parseOwner(text);
      if (owner !== undefined && isAlive(owner)) throw inUse(folder, owner.pid);
      await removeStale(path, text);
    }
  } finally {
    await unlink(complete);
  }
  return async () => {
    const text = await readFile(path, "utf8").catch(ignore("ENOENT"));
    if (text !== undefined && parseOwner(text)?.token === own.token) await unlink(path);
  };
}

/** Only who holds the guard removes a stale lock, so that nobody removes the new lock of another that was quicker. */
async function removeStale(path: string, staleText: string): Promise<void> {
  const guard = `${path}.takeover`;
  if (!(await succeeds(mkdir(guard), "EEXIST"))) {
    await dropAbandoned(guard);
    await sleep(GUARD_POLL_MILLISECONDS);
    return;
  }
  try {
    const text = await readFile(path, "utf8").catch(ignore("ENOENT"));
    if (text === staleText) await unlink(path);
  } finally {
    await rmdir(guard);
  }
}

/** A guard is held for a moment; an old one belonged to a process that was killed in that moment. */
async function dropAbandoned(guard: string): Promise<void> {
  const found = await stat(guard).catch(ignore("ENOENT"));
  if (found !== undefined && Date.now() - found.mtimeMs > GUARD_LIFETIME_MILLISECONDS)
    await succeeds(rmdir(guard), "ENOENT");
}

function isAlive(owner: Owner): boolean {
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    // EPERM: it lives, and belongs to another user.
    if (codeOf(error) === "ESRCH") return false;
  }
  const { started } = startOf(owner.pid);
  return owner.started === undefined || started === undefined || owner.started === started;
}

/** Field 22 of /proc/PID/stat; the name in field 2 may hold spaces and parentheses, so fields are counted after it. */
function startOf(pid: number): { started?: string } {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, "utf8");
    const started = stat.slice(stat.lastIndexOf(")") + 2).split(" ")[19];
    return started === undefined ? {} : { started };
  } catch (error) {
    if (codeOf(error) === undefined) throw error;
    return {};
  }
}

function parseOwner(text: string): Owner | undefined {
  try {
    const value: unknown = JSON.parse(text);
    return typeof value === "object" && value !== null && "pid" in value && typeof value.pid === "number"
      ? (value as Owner)
      : undefined;
  } catch (error) {
    if (error instanceof SyntaxError) return undefined;
    throw error;
  }
}

function inUse(folder: string, pid: number): PatchbayError {
  return new PatchbayError("conflict", `The data folder ${folder} is in use by process ${pid}.`, {
    expected: "one server per data folder",
    received: `process ${pid}, still running`,
    advice: "Stop that server, give this one its own folder with PATCHBAY_HOME, or use one Postgres with DATABASE_URL.",
  });
}

async function succeeds(operation: Promise<unknown>, failure: string): Promise<boolean> {
  const outcome = await operation.then(() => true).catch(ignore(failure));
  return outcome === true;
}

function ignore(code: string): (error: unknown) => undefined {
  return (error) => {
    if (codeOf(error) !== code) throw error;
    return undefined;
  };
}

function codeOf(error: unknown): string | undefined {
  return error instanceof Error && "code" in error && typeof error.code === "string" ? error.code : undefined;
}
