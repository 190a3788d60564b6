/** A server over a fake model as a process of its own, for `kill-test.ts`: `serve-fake.ts --port N`. */
import { parseArgs } from "node:util";
import { ensureDefined } from "@patchbay/vocabulary";
import { closeOnSignals } from "../close-on-signals.ts";
import { startFakeServer } from "./fake-server.ts";

const { values } = parseArgs({ options: { port: { type: "string", default: "7341" } } });
const server = await startFakeServer(
  { name: "stories-15m", milliseconds: 2, jobMilliseconds: 100 },
  { port: Number(values.port), home: ensureDefined(process.env.PATCHBAY_HOME, "PATCHBAY_HOME") },
);
closeOnSignals(server, (line) => process.stderr.write(`${line}\n`));
