/** The command line as one function: arguments in, exit status out. Nothing happens on import. */
import { CommanderError } from "commander";
import { createProgram } from "./program.ts";
import { reportFailure } from "./report-failure.ts";

export const EXIT = { ok: 0, failure: 1, usage: 2 } as const;

/** @param args without the program's own name: ["serve", "--port", "7400"]. */
export async function main(args: readonly string[]): Promise<number> {
  endWithTheReader();
  let status: number = EXIT.ok;
  const program = createProgram((outcome) => {
    status = outcome;
  });
  try {
    await program.parseAsync(args, { from: "user" });
    return status;
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
    reportFailure(error);
    return EXIT.failure;
  }
}

/** Whoever reads the output may stop reading: `patchbay dictionaries | head`. */
function endWithTheReader(): void {
  if (process.stdout.listenerCount("error") > 0) return;
  process.stdout.on("error", (error: NodeJS.ErrnoException) => {
    if (error.code !== "EPIPE") throw error;
    process.exit(EXIT.ok);
  });
}
