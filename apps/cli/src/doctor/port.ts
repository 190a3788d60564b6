/** The port is free, or one of our servers already answers there. */
import { createServer } from "node:net";
import { type Check, ok, warning } from "./check.ts";

export const port: Check = {
  name: "Port",
  async run({ port }) {
    const reason = await whyNotFree(port);
    if (reason === undefined) return ok(`${port} is free`);
    if (await isPatchbay(port)) return ok(`${port}: a Patchbay server answers at http://127.0.0.1:${port}`);
    return warning(
      `${port} cannot be used (${reason})`,
      "Stop the other program, or use `patchbay serve --port 0` for any free port.",
    );
  },
};

function whyNotFree(port: number): Promise<string | undefined> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once("error", (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    server.listen(port, "127.0.0.1", () => server.close(() => resolve(undefined)));
  });
}

async function isPatchbay(port: number): Promise<boolean> {
  try {
    const answer = await fetch(`http://127.0.0.1:${port}/api/v1/health`, { signal: AbortSignal.timeout(2000) });
    const health: unknown = await answer.json();
    return typeof health === "object" && health !== null && "engine" in health;
  } catch {
    // Whatever else speaks there, it is not one of ours.
    return false;
  }
}
