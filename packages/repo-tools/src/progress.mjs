/** Steps on the terminal: a line when one begins, a line with its time when it ends; several may run at once. */

const live = process.stdout.isTTY === true;

/** @type {Map<string, number>} title and begin of each step that is running */
const running = new Map();

/** @param {number} milliseconds */
export function seconds(milliseconds) {
  return `${(milliseconds / 1000).toFixed(1)} s`;
}

/**
 * Runs a step and says so. In a terminal the last line counts the seconds while it runs.
 * @template T
 * @param {string} title
 * @param {() => Promise<T>} work
 * @returns {Promise<T>}
 */
export async function step(title, work) {
  const begin = performance.now();
  running.set(title, begin);
  if (!live) process.stdout.write(`  ${title} …\n`);
  const timer = live ? setInterval(drawRunning, 100) : undefined;
  const end = (/** @type {string} */ outcome) => {
    clearInterval(timer);
    running.delete(title);
    process.stdout.write(`${live ? "\r\x1b[K" : ""}  ${title}: ${outcome} ${seconds(performance.now() - begin)}\n`);
  };
  try {
    const result = await work();
    end("done in");
    return result;
  } catch (error) {
    end("failed after");
    throw error;
  }
}

function drawRunning() {
  const texts = [...running].map(([title, begin]) => `${title} … ${seconds(performance.now() - begin)}`);
  const line = `  ${texts.join("  ·  ")}`;
  process.stdout.write(`\r\x1b[K${line.slice(0, (process.stdout.columns ?? 80) - 1)}`);
}

/** A failure whose message is all that a person needs; scripts print it without a stack. */
export class ToolError extends Error {}

/**
 * The body of a script: sets the exit status and prints failures as one paragraph.
 * @param {() => Promise<number | void>} body
 */
export async function runScript(body) {
  try {
    const status = await body();
    if (typeof status === "number") process.exitCode = status;
  } catch (error) {
    if (!(error instanceof ToolError)) throw error;
    process.stderr.write(`\n${error.message}\n`);
    process.exitCode = 1;
  }
}
