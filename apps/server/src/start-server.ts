/** One process, one port: listens at once, and opens the store and installs the bundled model meanwhile. */
import { randomBytes } from "node:crypto";
import { once } from "node:events";
import type { Server } from "node:http";
import type { AddressInfo } from "node:net";
import { setTimeout as sleep } from "node:timers/promises";
import { createAdaptorServer } from "@hono/node-server";
import type { Snapshot } from "@patchbay/contract";
import { openArtefacts, openStore, type Store } from "@patchbay/store";
import { PatchbayError } from "@patchbay/vocabulary";
import { createApp } from "./app.ts";
import { isLoopback, LOOPBACK_HOSTS } from "./http/access.ts";
import { BACKGROUND_PRIORITY, createModelJob } from "./jobs/create-model-job.ts";
import { registerModelJobs } from "./jobs/register-model-jobs.ts";
import {
  createModelDirectory,
  type ModelKeeping,
  type ModelLibrary,
  type OpenModel,
} from "./models/model-directory.ts";
import { createFairQueue } from "./queue/fair-queue.ts";
import type { EngineFacts, ModelDirectory } from "./services.ts";
import { serveWebFolder } from "./web/web-folder.ts";

export interface ServerOptions<Installed extends { readonly name: string }> {
  /** 0 takes any free port. */
  readonly port: number;
  /** Default 127.0.0.1. Beyond loopback a token is needed, and made where none is given. */
  readonly host?: string;
  readonly token?: string;
  /** The data folder. */
  readonly home: string;
  readonly databaseUrl?: string;
  /** The built workbench. */
  readonly webFolder: string;
  readonly library: ModelLibrary<Installed>;
  readonly openModel: OpenModel<Installed>;
  readonly engine: EngineFacts;
  /** Findings that come with Patchbay; default none. */
  readonly tour?: () => Promise<readonly Snapshot[]>;
  /** Engine calls at once; default 1. */
  readonly slots?: number;
  readonly log?: (line: string) => void;
}

export interface RunningServer {
  /** Where a browser opens it, with the token where one is needed. */
  readonly url: string;
  /** Resolves when the store is open and jobs run; rejects when the data folder cannot be used. */
  readonly ready: Promise<void>;
  /** Resolves when the bundled model is installed, or could not be. */
  readonly installed: Promise<void>;
  /** Ends requests and jobs, and closes the store. Jobs continue at the next start. */
  close(): Promise<void>;
}

/** Each holds cached passes of its own, so not all of them run; the engine gives them turns, graph by graph. */
const QUESTIONS_AT_ONCE = 3;

/** How long requests that are under way may take to end. */
const GRACE_MILLISECONDS = 3000;

export async function startServer<Installed extends { readonly name: string }>(
  options: ServerOptions<Installed>,
): Promise<RunningServer> {
  const { port, host = "127.0.0.1", home, library, engine } = options;
  const { log = (line) => process.stderr.write(`${line}\n`) } = options;
  const token = options.token ?? (isLoopback(host) ? undefined : randomBytes(18).toString("base64url"));
  const shutdown = new AbortController();

  const opening = openStore({
    home,
    report: (error) => log(`job queue: ${error instanceof Error ? error.stack : String(error)}`),
    ...(options.databaseUrl === undefined ? {} : { databaseUrl: options.databaseUrl }),
  });
  const keeping: ModelKeeping = {
    artefacts: openArtefacts(home),
    // A model opens before the store does; only its labels wait.
    labels: (modelHash) => ({
      list: async () => (await opening).labels(modelHash).list(),
      set: async (source, unit, label) => (await opening).labels(modelHash).set(source, unit, label),
    }),
  };
  const models = createModelDirectory(library, (installed) => options.openModel(installed, keeping), log);
  const app = createApp({
    services: {
      models,
      engine,
      queue: createFairQueue(options.slots === undefined ? {} : { slots: options.slots }),
      questions: createFairQueue({ slots: QUESTIONS_AT_ONCE }),
      tour: options.tour ?? (async () => []),
      store: () => opening,
      shutdown: shutdown.signal,
      log,
    },
    access: { token, hosts: isLoopback(host) ? [...LOOPBACK_HOSTS, host] : undefined },
    web: serveWebFolder(options.webFolder),
  });
  const server = createAdaptorServer({ fetch: app.fetch, hostname: host }) as Server;
  try {
    await listen(server, port, host);
  } catch (error) {
    opening.then(
      (store) => store.close(),
      () => undefined,
    );
    throw error;
  }

  const ready = opening.then((store) => startJobs(store, models));
  const installed = models.install(shutdown.signal);
  const background = Promise.all([ready, installed])
    .then(() => enqueueMissing(models, library.bundledName, opening))
    .catch((error: unknown) =>
      log(`Background work was not started: ${error instanceof Error ? error.message : error}`),
    );

  let closing: Promise<void> | undefined;
  async function close(): Promise<void> {
    shutdown.abort(new PatchbayError("cancelled", "The server is stopping."));
    const closed = new Promise<void>((resolve) => server.close(() => resolve()));
    server.closeIdleConnections();
    await Promise.race([closed, sleep(GRACE_MILLISECONDS, undefined, { ref: false })]);
    server.closeAllConnections();
    await closed;
    await background;
    await opening.then(
      (store) => store.close(),
      () => undefined,
    );
  }
  return {
    url: urlOf(server.address() as AddressInfo, host, token),
    ready,
    installed,
    close: () => {
      closing ??= close();
      return closing;
    },
  };
}

async function listen(server: Server, port: number, host: string): Promise<void> {
  server.listen(port, host);
  try {
    await once(server, "listening");
  } catch (cause) {
    if (!(cause instanceof Error && "code" in cause && cause.code === "EADDRINUSE")) throw cause;
    throw new PatchbayError("conflict", `Port ${port} of ${host} is in use.`, {
      advice: `Is Patchbay running already? Open http://${host}:${port}, or choose another port with --port.`,
      cause,
    });
  }
}

async function startJobs({ jobs }: Store, models: ModelDirectory): Promise<void> {
  registerModelJobs(jobs, models);
  await jobs.start();
}

/** What the workbench wants to have ready without being asked. The bundled model ships its dictionaries' quality and its index. */
async function enqueueMissing(models: ModelDirectory, name: string, store: Promise<Store>): Promise<void> {
  if (models.setup().state !== "ready") return;
  const model = await models.get(name);
  const { jobs } = await store;
  for (const kind of ["neuron-map", "reference-statistics"] as const) {
    await createModelJob(jobs, model, { kind, model: name }, BACKGROUND_PRIORITY);
  }
}

function urlOf({ port }: AddressInfo, host: string, token: string | undefined): string {
  const name = host === "0.0.0.0" || host === "::" ? "localhost" : host.includes(":") ? `[${host}]` : host;
  return `http://${name}:${port}/${token === undefined ? "" : `?token=${token}`}`;
}
