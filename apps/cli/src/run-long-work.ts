/** Work that saves where it is when Ctrl-C stops it, and goes on from there when the command is given again. */
import { cancelOnInterrupt } from "./cancel-on-interrupt.ts";
import type { ProgressLine } from "./progress-line.ts";

/** Returns undefined when it was stopped; says so. */
export async function runLongWork<Result>(
  line: ProgressLine,
  work: (signal: AbortSignal) => Promise<Result>,
): Promise<Result | undefined> {
  return cancelOnInterrupt(async (signal) => {
    const sayStopping = () => {
      line.end();
      process.stderr.write("  Stopping at the next safe point; Ctrl-C again ends at once.\n");
    };
    signal.addEventListener("abort", sayStopping, { once: true });
    try {
      return await work(signal);
    } catch (error) {
      if (!signal.aborted) throw error;
      line.end();
      process.stderr.write("Stopped. The same command goes on from what was saved.\n");
      return undefined;
    } finally {
      line.end();
    }
  });
}
