/** The small dictionaries of models/fixtures/dictionaries, with what PyTorch and SAELens compute for them. */
import { readdir, readFile } from "node:fs/promises";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { decodeSafetensors } from "@patchbay/transformer";
import { ensureDefined } from "@patchbay/vocabulary";
import type { DictionaryWeights } from "../dictionary.ts";
import { importDictionaries } from "../formats/import-dictionaries.ts";
import type { ImportOptions } from "../formats/import-options.ts";

export const DICTIONARY_FIXTURES = fileURLToPath(new URL("../../../../models/fixtures/dictionaries", import.meta.url));

/** What must come out of one dictionary. */
export interface GoldenDictionary {
  /** [position, input] */
  readonly input: Float32Array;
  /** [position, feature] */
  readonly features: Float32Array;
  /** [position, output] of the only output site; undefined where layers add up. */
  readonly output: Float32Array | undefined;
  /** [position, output] of the own layer, summed over the dictionaries that write to it; undefined otherwise. */
  readonly total: Float32Array | undefined;
}

export interface DictionaryFixture {
  readonly name: string;
  /** What to import. */
  readonly path: string;
  /** Who computed the numbers. */
  readonly madeBy: string;
  readonly dictionaries: readonly GoldenDictionary[];
}

export async function dictionaryFixtures(): Promise<readonly DictionaryFixture[]> {
  const entries = await readdir(DICTIONARY_FIXTURES, { withFileTypes: true });
  const names = entries.filter((entry) => entry.isDirectory() && entry.name !== "__pycache__").map(({ name }) => name);
  return Promise.all(names.sort().map(dictionaryFixture));
}

export async function dictionaryFixture(name: string): Promise<DictionaryFixture> {
  const folder = join(DICTIONARY_FIXTURES, name);
  const summary = JSON.parse(await readFile(join(folder, "golden.json"), "utf8")) as {
    made_by: string;
    path?: string;
    dictionaries: { input: string; features: string; output?: string; total?: string }[];
  };
  const { tensors } = decodeSafetensors(await readFile(join(folder, "golden.safetensors")));
  const values = (key: string) => {
    const { data } = ensureDefined(tensors.get(key), key);
    return data instanceof Float32Array ? data : Float32Array.from(data, Number);
  };
  const optional = (key: string | undefined) => (key === undefined ? undefined : values(key));
  return {
    name,
    path: join(folder, "files", summary.path ?? ""),
    madeBy: summary.made_by,
    dictionaries: summary.dictionaries.map(({ input, features, output, total }) => ({
      input: values(input),
      features: values(features),
      output: optional(output),
      total: optional(total),
    })),
  };
}

export async function importAll(path: string, options: ImportOptions = {}): Promise<DictionaryWeights[]> {
  const all: DictionaryWeights[] = [];
  for await (const weights of importDictionaries(path, options)) all.push(weights);
  return all;
}
