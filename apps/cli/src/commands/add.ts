/** `patchbay add`: a folder, a llama2.c checkpoint, or the bundled model by its name. */
import { existsSync } from "node:fs";
import { BUNDLED_MODEL, type InstalledModel, openModelLibrary } from "@patchbay/model-library";
import { cancelOnInterrupt } from "../cancel-on-interrupt.ts";
import { resolveHome } from "../home.ts";
import { installBundled } from "../install-bundled.ts";
import { createProgressLine } from "../progress-line.ts";

export interface AddModelOptions {
  readonly home?: string;
  readonly name?: string;
  readonly tokenizer?: string;
}

export async function addModel(source: string, { home, name, tokenizer }: AddModelOptions): Promise<void> {
  const library = openModelLibrary(resolveHome(home));
  const installed = await cancelOnInterrupt<InstalledModel>(async (signal) => {
    // A path of that name is meant as a path.
    if (source === BUNDLED_MODEL && name === undefined && !existsSync(source)) return installBundled(library, signal);
    const line = createProgressLine();
    try {
      return await library.add(source, {
        signal,
        progress: (fraction, message) => line.update(fraction, message),
        ...(name === undefined ? {} : { name }),
        ...(tokenizer === undefined ? {} : { tokenizer }),
      });
    } finally {
      line.end();
    }
  });
  process.stdout.write(`${installed.name} is installed (${installed.folder}).\n`);
}
