/** Stores snapshots, documents and jobs until it is killed; prints each one after it was acknowledged. */
import { writeSync } from "node:fs";
import { openStore } from "../open-store.ts";

const home = process.argv[2];
if (home === undefined) throw new Error("usage: endless-writer.ts FOLDER");
const store = await openStore({ home });
store.jobs.register("endless", (_, { signal }) => new Promise((_, reject) => signal.addEventListener("abort", reject)));
await store.jobs.start();
announce("open");

const prefix = process.pid;
await Promise.all([storeForever("snapshot"), storeForever("document"), storeForever("job")]);

async function storeForever(kind: "snapshot" | "document" | "job"): Promise<void> {
  for (let number = 0; ; number++) {
    const name = `${prefix}-${number}`;
    if (kind === "job") {
      const { job } = await store.jobs.create({ kind: "endless", contentKey: name, request: { number } });
      announce(JSON.stringify({ kind, id: job.id }));
    } else {
      const document = { values: Array.from({ length: 500 }, (_, index) => index / 7) };
      const { id } =
        kind === "snapshot"
          ? await store.snapshots.put({ id: name, summary: { number }, document })
          : await store.documents.put({ id: name, kind, model: null, title: name, summary: { number }, document });
      announce(JSON.stringify({ kind, id }));
    }
  }
}

/** Synchronous: a line is never lost in a buffer of the process that is killed. */
function announce(line: string): void {
  writeSync(1, `${line}\n`);
}
