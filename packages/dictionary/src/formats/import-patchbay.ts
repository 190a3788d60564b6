/** Patchbay's own folder, from another machine or another model's library: dictionary.json and model.safetensors. */
import { join } from "node:path";
import { openTensorFile } from "@patchbay/transformer";
import type { Tensor } from "@patchbay/vocabulary";
import { DICTIONARY_TENSORS, type DictionaryTensorName, type DictionaryWeights } from "../dictionary.ts";
import { checkDictionary, expectedTensors } from "./check-dictionary.ts";
import { checkDictionaryName, type ImportOptions } from "./import-options.ts";
import { readSpec, SPEC_FILE } from "./spec-json.ts";
import { type NamedShape, refuseOtherTensors, takeTensor } from "./tensors.ts";

export const PATCHBAY_WEIGHTS = "model.safetensors";

/** @throws PatchbayError `unsupported-model`, `damaged-file`, `values-do-not-fit`, `not-finite`, `unknown-site` */
export async function importPatchbay(folder: string, options: ImportOptions): Promise<DictionaryWeights> {
  const stored = await readSpec(join(folder, SPEC_FILE));
  const file = join(folder, PATCHBAY_WEIGHTS);
  const source = await openTensorFile(file);
  refuseOtherTensors(source, Object.values(DICTIONARY_TENSORS), file);
  const shapes: Partial<Record<DictionaryTensorName, NamedShape>> = {
    ...expectedTensors(stored),
    ...(source.has(DICTIONARY_TENSORS.density) ? { density: { feature: stored.features } } : {}),
  };
  const tensors: Partial<Record<DictionaryTensorName, Tensor>> = {};
  for (const name of Object.values(DICTIONARY_TENSORS)) {
    const shape = shapes[name];
    if (shape !== undefined) tensors[name] = await takeTensor(source, name, shape);
  }
  const spec = {
    ...stored,
    name: options.name === undefined ? stored.name : checkDictionaryName(options.name),
    source: { ...stored.source, address: options.address ?? stored.source.address },
  };
  return checkDictionary({ spec, tensors }, folder);
}
