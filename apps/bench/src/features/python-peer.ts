/**
 * A peer in another process: a Python script that answers one JSON object a line. It stays open for the whole bench, so that
 * its rounds can be interleaved with ours; weights and inputs reach it as raw little-endian float32 files.
 */
import { spawn } from "node:child_process";
import { mkdtemp, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";
import { PatchbayError, type Tensor } from "@patchbay/vocabulary";
import { printNote } from "../harness/report.ts";

const VARIABLE = "PATCHBAY_BENCH_PYTHON";

export interface PythonPeer {
  /** What the script says of itself: its libraries and their versions. */
  readonly about: string;
  call(request: Readonly<Record<string, unknown>>): Promise<Readonly<Record<string, unknown>>>;
  close(): Promise<void>;
}

export interface PeerFiles {
  readonly folder: string;
  write(name: string, value: Tensor): Promise<void>;
  remove(): Promise<void>;
}

export async function peerFiles(): Promise<PeerFiles> {
  const folder = await mkdtemp(path.join(os.tmpdir(), "patchbay-bench-"));
  return {
    folder,
    write: (name, { data }) =>
      writeFile(path.join(folder, name), new Uint8Array(data.buffer, data.byteOffset, data.byteLength)),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** The interpreter of PATCHBAY_BENCH_PYTHON; where there is none, says so, because the bench then compares with nothing. */
export function peerPython(needed: string): string | undefined {
  const python = process.env[VARIABLE];
  if (python !== undefined && python !== "") return python;
  printNote(`*** NO PEER: ${VARIABLE} names no Python. The comparison with PyTorch is NOT made. ***`);
  printNote(`*** Set it to an interpreter that has ${needed}. ***`);
  return undefined;
}

/** @throws PatchbayError `internal-error` with what the script wrote to its standard error */
export async function openPythonPeer(
  python: string,
  script: URL,
  settings: Readonly<Record<string, unknown>>,
): Promise<PythonPeer> {
  const threads = String(os.availableParallelism());
  const child = spawn(python, [fileURLToPath(script), JSON.stringify(settings)], {
    stdio: ["pipe", "pipe", "pipe"],
    env: { ...process.env, OMP_NUM_THREADS: threads, MKL_NUM_THREADS: threads, PYTHONDONTWRITEBYTECODE: "1" },
  });
  let complaints = "";
  child.stderr.on("data", (chunk: Buffer) => {
    complaints = (complaints + chunk.toString()).slice(-2000);
  });
  const ended = new Promise<void>((resolve) => {
    child.once("close", () => resolve());
    child.once("error", (error) => {
      complaints += error.message;
      resolve();
    });
  });
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const answer = async () => {
    const next = await lines.next();
    if (next.done !== true) return JSON.parse(next.value) as Record<string, unknown>;
    await ended;
    throw new PatchbayError("internal-error", "The Python peer ended.", { received: complaints });
  };
  const { about } = await answer();
  return {
    about: String(about),
    call: (request) => {
      child.stdin.write(`${JSON.stringify(request)}\n`);
      return answer();
    },
    close: async () => {
      child.stdin.end();
      await ended;
    },
  };
}
