/** Child processes: either with the terminal handed over, or with the output kept for a report. */
import { spawn } from "node:child_process";
import { ToolError } from "./progress.mjs";

/**
 * @typedef {object} Finished
 * @property {number} status exit status; 128 and more for a signal
 * @property {string} output stdout and stderr, interleaved; empty when the terminal was handed over
 */

/**
 * @param {string} command
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: Record<string, string>, terminal?: boolean }} [options]
 * @returns {Promise<Finished>}
 */
export function runCommand(command, args, { cwd, env = {}, terminal = false } = {}) {
  return new Promise((resolve, reject) => {
    const child = spawn(command, args, {
      cwd,
      env: { ...process.env, ...env },
      stdio: terminal ? "inherit" : ["ignore", "pipe", "pipe"],
      // npm and npx are scripts on Windows, which only a shell can start.
      shell: process.platform === "win32" && /^np[mx]$/.test(command),
    });
    let output = "";
    const keep = (/** @type {Buffer} */ chunk) => {
      output += chunk.toString();
    };
    child.stdout?.on("data", keep);
    child.stderr?.on("data", keep);
    // Ctrl-C reaches the whole process group; the parent waits for the child's own clean end.
    const wait = () => undefined;
    const forward = () => child.kill("SIGTERM");
    process.on("SIGINT", wait);
    process.on("SIGTERM", forward);
    const release = () => {
      process.off("SIGINT", wait);
      process.off("SIGTERM", forward);
    };
    child.once("error", (error) => {
      release();
      reject(new ToolError(`${command} could not be started: ${error.message}`));
    });
    child.once("close", (code, signal) => {
      release();
      resolve({ status: code ?? (signal === "SIGINT" ? 130 : 143), output });
    });
  });
}

/**
 * Node itself, with the flags that the tools need.
 * @param {readonly string[]} args
 * @param {{ cwd?: string, env?: Record<string, string>, terminal?: boolean }} [options]
 */
export function runNode(args, options) {
  return runCommand(process.execPath, args, options);
}

/** @param {string} output @param {number} lines */
export function lastLines(output, lines) {
  return output.trimEnd().split("\n").slice(-lines).join("\n");
}
