/** A real server, store and all, over a fake model. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { ModelService } from "@patchbay/analysis";
import { createClient } from "@patchbay/contract/client";
import type { EngineFacts } from "../services.ts";
import { type RunningServer, type ServerOptions, startServer } from "../start-server.ts";
import { createFakeModel, type FakeOptions } from "./fake-model.ts";

export const FAKE_ENGINE: EngineFacts = {
  engine: "patchbay-fake 1",
  runtime: "none 0",
  memory: () => ({ sessionBytes: 0, budgetBytes: 1024 }),
};

export interface FakeServer extends RunningServer {
  readonly home: string;
  readonly logged: string[];
  readonly client: ReturnType<typeof createClient>;
  readonly remove: () => Promise<void>;
}

type Overrides = Partial<
  Pick<ServerOptions<{ name: string }>, "host" | "token" | "port" | "library" | "webFolder" | "home" | "tour">
>;

export async function startFakeServer(model: FakeOptions = {}, overrides: Overrides = {}): Promise<FakeServer> {
  const home = overrides.home ?? (await mkdtemp(join(tmpdir(), "patchbay-server-")));
  const logged: string[] = [];
  const service: ModelService = createFakeModel(model);
  const server = await startServer({
    port: 0,
    home,
    webFolder: join(home, "no-web"),
    library: {
      bundledName: service.name,
      list: async () => [{ name: service.name }],
      installBundled: async () => undefined,
    },
    openModel: async () => service,
    engine: FAKE_ENGINE,
    log: (line) => logged.push(line),
    ...overrides,
  });
  const { origin, searchParams } = new URL(server.url);
  const token = searchParams.get("token");
  return {
    ...server,
    home,
    logged,
    client: createClient({ baseUrl: origin, ...(token === null ? {} : { token }) }),
    async remove() {
      await server.close();
      await rm(home, { recursive: true, force: true });
    },
  };
}
