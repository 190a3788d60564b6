/** Ctrl-C and `kill` end the server in order; a second signal ends it at once. */
import type { RunningServer } from "./start-server.ts";

export function closeOnSignals(server: Pick<RunningServer, "close">, log: (line: string) => void): void {
  for (const signal of ["SIGINT", "SIGTERM"] as const) {
    process.once(signal, () => {
      log("Stopping…");
      server.close().then(
        () => process.exit(0),
        (error: unknown) => {
          log(`The server did not stop in order: ${error instanceof Error ? error.message : error}`);
          process.exit(1);
        },
      );
    });
  }
}
