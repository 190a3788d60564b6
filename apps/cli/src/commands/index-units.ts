/** `patchbay index-units`: what every neuron and feature does on text. */
import { writeFile } from "node:fs/promises";
import { resolve } from "node:path";
import { openInstalledModels } from "@patchbay/server";
import { openArtefacts } from "@patchbay/store";
import { PatchbayError } from "@patchbay/vocabulary";
import { resolveHome } from "../home.ts";
import { createProgressLine } from "../progress-line.ts";
import { runLongWork } from "../run-long-work.ts";

/** The artefact that an index is; a bundled model ships it under the same name. */
const INDEX = "unit-index.bin";

export interface IndexUnitsOptions {
  readonly model: string;
  readonly home?: string;
  readonly corpus?: string;
  readonly out?: string;
}

/** @returns the exit status: 1 when it was stopped on the way. */
export async function indexUnits({ model, home: chosen, corpus, out }: IndexUnitsOptions): Promise<number> {
  const home = resolveHome(chosen);
  const service = await openInstalledModels(home).get(model);
  const line = createProgressLine();
  const outcome = await runLongWork(line, (signal) =>
    service.units.index(
      { kind: "unit-index", model, ...(corpus === undefined ? {} : { corpus: resolve(corpus) }) },
      { signal, progress: (fraction, message) => line.update(fraction, message) },
    ),
  );
  if (outcome === undefined) return 1;
  if (out !== undefined) {
    const bytes = await openArtefacts(home)(service.hash).read(INDEX);
    if (bytes === undefined)
      throw new PatchbayError("not-found", "The index was not kept as one file.", { expected: INDEX });
    await writeFile(out, bytes);
    process.stderr.write(`${resolve(out)}: ${(bytes.length / 1e6).toFixed(1)} MB\n`);
  }
  process.stdout.write(`${JSON.stringify(outcome)}\n`);
  return 0;
}
