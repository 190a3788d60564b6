/** `patchbay serve`: the workbench and the API on one port, until Ctrl-C. */
import { closeOnSignals, compose, startServer } from "@patchbay/server";
import { resolveHome } from "../home.ts";
import { openBrowser } from "../open-browser.ts";
import { createProgressLine } from "../progress-line.ts";
import { WEB_FOLDER } from "../web-folder.ts";

export interface ServeOptions {
  readonly port: number;
  readonly host: string;
  readonly home?: string;
  readonly token?: string;
  readonly open?: boolean;
}

export async function serve({ port, host, home: chosen, token, open = false }: ServeOptions): Promise<void> {
  const home = resolveHome(chosen);
  const { library, engine, openModel, tour } = compose(home);
  const databaseUrl = process.env.DATABASE_URL;
  const line = createProgressLine();
  const log = (text: string) => {
    line.end();
    process.stderr.write(`${text}\n`);
  };
  const server = await startServer({
    port,
    host,
    home,
    webFolder: WEB_FOLDER,
    engine,
    openModel,
    tour,
    library: {
      ...library,
      installBundled: (progress, signal) =>
        library.installBundled((fraction, message) => {
          line.update(fraction, message);
          progress(fraction, message);
        }, signal),
    },
    log,
    ...(token === undefined ? {} : { token }),
    ...(databaseUrl === undefined || databaseUrl === "" ? {} : { databaseUrl }),
  });
  closeOnSignals(server, log);
  try {
    await Promise.all([server.ready, server.installed]);
  } catch (error) {
    await server.close();
    throw error;
  }
  line.end();
  // Since the process began: with `npm start`, installing and building included.
  const elapsed = (performance.now() / 1000).toFixed(1);
  process.stdout.write(
    `  Data folder: ${home}\n  Ready after ${elapsed} s. Stop with Ctrl-C.\n\nPatchbay is at ${server.url}\n`,
  );
  if (open) openBrowser(server.url);
}
