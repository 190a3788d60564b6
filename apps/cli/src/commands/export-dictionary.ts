/** `patchbay export-dictionary`: installed dictionaries as other libraries read them. */
import { join, resolve } from "node:path";
import {
  type AcceptedDifference,
  DICTIONARY_TENSORS,
  type Dictionary,
  type DictionaryTensorName,
  type DictionaryWeights,
  exportCircuitTracer,
  exportSaeLens,
} from "@patchbay/dictionary";
import { openInstalledModels } from "@patchbay/server";
import type { Tensor } from "@patchbay/vocabulary";
import { resolveHome } from "../home.ts";

export interface ExportDictionaryOptions {
  readonly model: string;
  readonly format: "saelens" | "circuit-tracer";
  readonly out: string;
  readonly accept?: readonly AcceptedDifference[];
  readonly home?: string;
}

export async function exportDictionary(names: readonly string[], options: ExportDictionaryOptions): Promise<void> {
  const { model, format, accept = [] } = options;
  const { library } = await openInstalledModels(resolveHome(options.home)).dictionaries(model);
  const dictionaries = await Promise.all(names.map((name) => library.find(name)));
  const folder = resolve(options.out);
  if (format === "circuit-tracer") {
    // One folder is one set: its configuration speaks for all layers.
    await exportCircuitTracer(folder, await Promise.all(dictionaries.map(readWeights)), { accept });
    process.stdout.write(`${folder}\n`);
    return;
  }
  for (const dictionary of dictionaries) {
    const own = dictionaries.length === 1 ? folder : join(folder, dictionary.spec.name);
    await exportSaeLens(own, await readWeights(dictionary), { accept });
    process.stdout.write(`${own}\n`);
  }
}

async function readWeights(dictionary: Dictionary): Promise<DictionaryWeights> {
  const tensors: Partial<Record<DictionaryTensorName, Tensor>> = {};
  for (const name of Object.values(DICTIONARY_TENSORS)) {
    if (dictionary.has(name)) tensors[name] = await dictionary.read(name);
  }
  return { spec: dictionary.spec, tensors };
}
