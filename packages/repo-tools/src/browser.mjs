/** A Chromium for the browser tests: the machine's own, else installed. */
import { existsSync, statSync } from "node:fs";
import { delimiter, join } from "node:path";
import { ROOT } from "./paths.mjs";
import { ToolError } from "./progress.mjs";
import { runCommand } from "./run-command.mjs";

const COMMANDS = ["google-chrome", "google-chrome-stable", "chromium", "chromium-browser", "chrome"];
const APPLICATIONS = [
  "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
  "/Applications/Chromium.app/Contents/MacOS/Chromium",
  "C:\\Program Files\\Google\\Chrome\\Application\\chrome.exe",
  "C:\\Program Files (x86)\\Google\\Chrome\\Application\\chrome.exe",
];

/**
 * @param {{ path?: string, chosen?: string | undefined, applications?: readonly string[] }} [where] PATH, and PATCHBAY_BROWSER
 * @returns {string | undefined}
 */
export function findBrowser({
  path = process.env.PATH ?? "",
  chosen = process.env.PATCHBAY_BROWSER,
  applications = APPLICATIONS,
} = {}) {
  if (chosen !== undefined && chosen !== "") {
    if (isFile(chosen)) return chosen;
    throw new ToolError(
      `PATCHBAY_BROWSER is "${chosen}", which is not a file. Set it to a Chrome or Chromium program, or unset it.`,
    );
  }
  const folders = path.split(delimiter).filter((folder) => folder !== "");
  const candidates = COMMANDS.flatMap((command) => folders.map((folder) => join(folder, command)));
  return [...candidates, ...applications].find(isFile);
}

/** @returns {Promise<string>} the browser's path */
export async function ensureBrowser() {
  const browser = findBrowser() ?? (await installFromDebian()) ?? (await installFromPlaywright());
  if (browser !== undefined) return browser;
  throw new ToolError(
    "The browser tests need Chrome or Chromium, and none could be installed. Install one (Debian: apt-get install chromium; " +
      "macOS: brew install --cask chromium), or set PATCHBAY_BROWSER to its path.",
  );
}

async function installFromDebian() {
  const root = process.getuid?.() === 0;
  if (!root || !existsSync("/usr/bin/apt-get")) return undefined;
  process.stdout.write("  Installing chromium with apt-get for the browser tests …\n");
  const env = { DEBIAN_FRONTEND: "noninteractive" };
  await runCommand("apt-get", ["update", "-qq"], { env, terminal: true });
  const { status } = await runCommand("apt-get", ["install", "-y", "-qq", "--no-install-recommends", "chromium"], {
    env,
    terminal: true,
  });
  const browser = status === 0 ? findBrowser() : undefined;
  // On Ubuntu the package is a stand-in that only points at a snap.
  return browser !== undefined && (await answers(browser)) ? browser : undefined;
}

async function installFromPlaywright() {
  process.stdout.write("  Installing Chromium with playwright-core for the browser tests …\n");
  const command = `${ROOT}/node_modules/playwright-core/cli.js`;
  const { status } = await runCommand(process.execPath, [command, "install", "chromium"], { terminal: true });
  if (status !== 0) return undefined;
  const { chromium } = await import("playwright-core");
  const browser = chromium.executablePath();
  return isFile(browser) ? browser : undefined;
}

/** @param {string} browser */
async function answers(browser) {
  return (await runCommand(browser, ["--version"])).status === 0;
}

/** @param {string} path */
function isFile(path) {
  return statSync(path, { throwIfNoEntry: false })?.isFile() === true;
}
