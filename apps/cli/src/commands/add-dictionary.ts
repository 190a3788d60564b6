/** `patchbay add-dictionary`: SAEs and transcoders of other libraries, from a folder or from the Hugging Face hub. */
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import {
  checkAgainstModel,
  type Dictionary,
  detectFormat,
  type ImportOptions,
  importDictionaries,
  suggestDictionaryName,
} from "@patchbay/dictionary";
import { openInstalledModels } from "@patchbay/server";
import { cancelOnInterrupt } from "../cancel-on-interrupt.ts";
import { resolveHome } from "../home.ts";
import { type HuggingFaceAddress, isHuggingFaceAddress, parseHuggingFaceAddress } from "../hugging-face/address.ts";
import { downloadDictionary, hubFromEnvironment } from "../hugging-face/download.ts";
import { createProgressLine } from "../progress-line.ts";

export interface AddDictionaryOptions {
  readonly model: string;
  readonly home?: string;
  readonly name?: string;
  readonly layer?: number;
  readonly site?: string;
  readonly outputSite?: string;
  readonly inputScale?: number;
  readonly replace?: boolean;
}

export async function addDictionary(source: string, options: AddDictionaryOptions): Promise<void> {
  const { library, model } = await openInstalledModels(resolveHome(options.home)).dictionaries(options.model);
  await cancelOnInterrupt((signal) =>
    withFolder(source, signal, async (folder, address) => {
      const { format } = await detectFormat(folder);
      process.stderr.write(`  Format: ${format}\n`);
      const added: Dictionary[] = [];
      try {
        for await (const weights of importDictionaries(folder, importOptions(source, options, address))) {
          signal.throwIfAborted();
          checkAgainstModel(weights.spec, model);
          added.push(await library.add(weights, { signal, overwrite: options.replace === true }));
        }
      } catch (error) {
        // A set is there in full or not at all. What was replaced cannot be brought back, so what replaced it stays.
        if (options.replace !== true) for (const { spec } of added) await library.remove(spec.name);
        throw error;
      }
      for (const dictionary of added) process.stdout.write(describe(dictionary));
    }),
  );
}

/** The folder itself, or one that exists while `work` runs. */
async function withFolder(
  source: string,
  signal: AbortSignal,
  work: (folder: string, address: HuggingFaceAddress | undefined) => Promise<void>,
): Promise<void> {
  if (!isHuggingFaceAddress(source)) return work(source, undefined);
  const address = parseHuggingFaceAddress(source);
  const hub = hubFromEnvironment(process.env);
  const temporary = await mkdtemp(join(tmpdir(), "patchbay-dictionary-"));
  const line = createProgressLine();
  try {
    const progress = (fraction: number, message: string) => line.update(fraction, message);
    const folder = await downloadDictionary(hub, address, temporary, { signal, progress });
    line.end();
    await work(folder, address);
  } finally {
    line.end();
    await rm(temporary, { recursive: true, force: true });
  }
}

function importOptions(
  source: string,
  { model, name, layer, site, outputSite, inputScale }: AddDictionaryOptions,
  address: HuggingFaceAddress | undefined,
): ImportOptions {
  const suggested =
    address && suggestDictionaryName(`${address.repository.split("/")[1]}-${address.folder}`.replace(/-$/, ""));
  const chosen = name ?? suggested;
  return {
    model,
    address: source,
    ...(chosen === undefined ? {} : { name: chosen }),
    ...(layer === undefined ? {} : { layer }),
    ...(site === undefined ? {} : { inputSite: site }),
    ...(outputSite === undefined ? {} : { outputSite }),
    ...(inputScale === undefined ? {} : { normScalingFactor: inputScale }),
  };
}

function describe({ spec }: Dictionary): string {
  const { name, kind, features, inputSite, outputSites, source } = spec;
  const written = kind === "sae" ? "" : ` → ${outputSites.join(", ")}`;
  const notes = source.notes.map((note) => `  ${note}\n`).join("");
  return `${name} is installed: ${kind}, ${features} features, ${inputSite}${written}.\n${notes}`;
}
