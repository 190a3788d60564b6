/** The built product as a user starts it: `patchbay serve` on a free port over a data folder of its own, and a browser. */
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { cp, mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { fileURLToPath } from "node:url";
import { type Browser, chromium } from "playwright-core";

const REPOSITORY = fileURLToPath(new URL("../../../", import.meta.url));
const COMMAND = path.join(REPOSITORY, "apps/cli/bin/patchbay.mjs");

/** For a browser without a display, without a sandbox (root in containers) and without calls home. */
const BROWSER_FLAGS = [
  "--headless",
  "--no-sandbox",
  "--disable-gpu",
  "--disable-quic",
  "--no-first-run",
  "--disable-background-networking",
  "--disable-component-update",
  "--disable-sync",
];

export interface ServedWorkbench {
  readonly url: string;
  readonly browser: Browser;
  close(): Promise<void>;
}

/** What `npm test` provides; undefined (with the reason) where a test must be skipped. */
export function missingProvision(): string | undefined {
  if (process.env["PATCHBAY_BROWSER"] === undefined) return "no browser: set PATCHBAY_BROWSER, or run npm test";
  if (process.env["PATCHBAY_TEST_HOME"] === undefined)
    return "no bundled model: set PATCHBAY_TEST_HOME, or run npm test";
  return undefined;
}

export async function serveWorkbench(): Promise<ServedWorkbench> {
  const home = await mkdtemp(path.join(os.tmpdir(), "patchbay-browser-test-"));
  await cp(path.join(process.env["PATCHBAY_TEST_HOME"] ?? "", "models"), path.join(home, "models"), {
    recursive: true,
  });
  const server = spawn(process.execPath, [COMMAND, "serve", "--port", "0"], {
    env: { ...process.env, PATCHBAY_HOME: home },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const url = await addressOf(server);
  await untilMapped(url);
  const executablePath = process.env["PATCHBAY_BROWSER"] ?? "";
  const browser = await chromium.launch({ executablePath, args: BROWSER_FLAGS });
  return {
    url,
    browser,
    async close() {
      await browser.close();
      server.kill("SIGTERM");
      if (server.exitCode === null) await once(server, "exit");
      await rm(home, { recursive: true, force: true });
    },
  };
}

/** The address line that `serve` prints. */
async function addressOf(server: ChildProcess): Promise<string> {
  let output = "";
  for (const stream of [server.stdout, server.stderr]) {
    stream?.on("data", (bytes: Buffer) => {
      output += bytes.toString();
    });
  }
  const deadline = Date.now() + 60_000;
  while (Date.now() < deadline && server.exitCode === null) {
    const found = /http:\/\/[\w.:[\]]+\d/.exec(output);
    if (found !== null) return found[0];
    await sleep(50);
  }
  throw new Error(`The server did not say its address.\n${output}`);
}

/** The neuron map is computed in the background after the first start. */
async function untilMapped(url: string): Promise<void> {
  const deadline = Date.now() + 180_000;
  while (Date.now() < deadline) {
    const answer = await fetch(`${url}/api/v1/jobs`);
    const { jobs } = (await answer.json()) as { jobs: { state: string }[] };
    if (jobs.length >= 2 && jobs.every(({ state }) => state === "done")) return;
    await sleep(250);
  }
  throw new Error("The neuron map did not become ready.");
}
