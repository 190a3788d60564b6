/** Brings a model of the user's own into the library: a model folder by reference, a llama2.c file by conversion. */

import { randomUUID } from "node:crypto";
import { mkdir, readdir, rename, rm, stat, writeFile } from "node:fs/promises";
import { dirname, join, resolve } from "node:path";
import {
  describeModel,
  type FileRange,
  importLlama2c,
  MANIFEST_FILE,
  type ModelManifest,
  openTensorFolder,
  openTokenizer,
  prependsBosByDefault,
  readLlama2cCheckpoint,
  readLlama2cTokenizer,
  readModelConfig,
  readModelManifest,
  readRange,
  refuseOtherFormats,
} from "@patchbay/transformer";
import { PatchbayError } from "@patchbay/vocabulary";
import { checkModelName, suggestModelName } from "./model-name.ts";

export interface AddOptions {
  readonly name?: string;
  /** tokenizer.bin of a llama2.c checkpoint; looked for beside it unless given. */
  readonly tokenizer?: string;
  readonly signal?: AbortSignal;
  /** Fraction in 0…1 and a line for people. */
  readonly progress?: (fraction: number, message: string) => void;
}

/** Returns the model's name. @throws PatchbayError `file-not-found`, `unsupported-model`, `damaged-file`, `conflict` */
export async function addModel(models: string, path: string, options: AddOptions = {}): Promise<string> {
  const source = resolve(path);
  const kind = await stat(source).catch((cause: unknown) => {
    throw new PatchbayError("file-not-found", `There is nothing at ${source}.`, {
      expected: "a Hugging Face or HookedTransformer model folder, or a llama2.c checkpoint (.bin)",
      cause,
    });
  });
  const name = options.name === undefined ? suggestModelName(source) : checkModelName(options.name);
  const folder = join(models, name);
  if (await isThere(folder)) {
    throw new PatchbayError("conflict", `A model named "${name}" is already installed.`, {
      advice: "Choose another name with --name NAME.",
    });
  }
  await mkdir(models, { recursive: true });
  if (kind.isDirectory()) await addFolder(source, folder, name);
  else await addCheckpoint(source, folder, name, options);
  return name;
}

/** Weights are not copied: the library keeps a manifest that points at them. Everything is checked first. */
async function addFolder(source: string, folder: string, name: string): Promise<void> {
  await refusePickles(source);
  const config = await readModelConfig(source);
  describeModel(config, await openTensorFolder(source), "");
  await openTokenizer(source);
  const own = await readModelManifest(source);
  const manifest: ModelManifest = {
    source,
    recipe: { prependBos: await prependsBosByDefault(source) },
    ...own,
    name,
    folder: source,
  };
  const temporary = join(dirname(folder), `.${randomUUID()}.partial`);
  await mkdir(temporary);
  try {
    await writeFile(join(temporary, MANIFEST_FILE), `${JSON.stringify(manifest, undefined, 2)}\n`, { flush: true });
    await rename(temporary, folder);
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

async function addCheckpoint(file: string, folder: string, name: string, options: AddOptions): Promise<void> {
  if (file.endsWith(".safetensors")) {
    throw new PatchbayError("unsupported-model", `${file} is only a part of a model.`, {
      expected: "the folder with config.json, tokenizer.json and the weights",
      advice: `Add ${dirname(file)}.`,
    });
  }
  const checkpoint = { file };
  const { shape } = await readLlama2cCheckpoint(checkpoint);
  const tokenizer = await tokenizerFor(file, shape.vocabulary, options.tokenizer);
  await importLlama2c({
    checkpoint,
    tokenizer,
    folder,
    manifest: { name, source: file, description: "Imported from a llama2.c checkpoint." },
    ...(options.signal === undefined ? {} : { signal: options.signal }),
    progress: (fraction) => options.progress?.(fraction, `Converting ${name}`),
  });
}

/** The given tokenizer, or the one beside the checkpoint that has its number of pieces. */
async function tokenizerFor(checkpoint: string, vocabulary: number, given: string | undefined): Promise<FileRange> {
  const candidates = given === undefined ? await tokenizersBeside(checkpoint) : [resolve(given)];
  let failure: unknown;
  for (const file of candidates) {
    try {
      readLlama2cTokenizer(await readRange({ file }), vocabulary, file);
      return { file };
    } catch (error) {
      failure ??= error;
    }
  }
  if (failure instanceof PatchbayError) throw failure;
  throw new PatchbayError("file-not-found", `The tokenizer of ${checkpoint} was not found.`, {
    expected: given ?? `tokenizer.bin or tok*.bin in ${dirname(checkpoint)}`,
    advice: "Say where it is: --tokenizer FILE.",
    cause: failure,
  });
}

async function tokenizersBeside(checkpoint: string): Promise<string[]> {
  const folder = dirname(checkpoint);
  const names = (await readdir(folder)).filter((entry) => /^tok.*\.bin$/i.test(entry));
  return names
    .sort((a, b) => Number(b === "tokenizer.bin") - Number(a === "tokenizer.bin"))
    .map((entry) => join(folder, entry));
}

/** Says why a folder with weights, but none that we read, is refused. */
async function refusePickles(folder: string): Promise<void> {
  const names = await readdir(folder);
  if (names.some((entry) => entry.endsWith(".safetensors") || entry.endsWith(".safetensors.index.json"))) return;
  for (const entry of names.filter((candidate) => /\.(bin|pt|pth|ckpt|gguf)$/.test(candidate))) {
    const file = join(folder, entry);
    refuseOtherFormats(file, await readRange({ file, length: 8 }));
  }
}

async function isThere(path: string): Promise<boolean> {
  return stat(path).then(
    () => true,
    () => false,
  );
}
