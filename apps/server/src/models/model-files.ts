/** What lies beside a model: in the repository for a bundled one, in the data folder for every one. */
import { readdir, readFile, stat } from "node:fs/promises";
import path from "node:path";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { Snapshot } from "@patchbay/contract";
import { type DictionaryLibrary, type DictionaryRoot, openDictionaryLibrary } from "@patchbay/dictionary";
import { bundledFolder, bundledReferenceText } from "@patchbay/model-library";
import { PatchbayError } from "@patchbay/vocabulary";

/** Beside a model's config.json: texts, one a line, over which its activations are measured. */
const REFERENCE_TEXT = "reference.txt";
/** In `models/NAME` of the repository: what the shipped index was made from, and the index. */
const INDEX_CORPUS = "corpus.jsonl.gz";
const INDEX = "unit-index.bin";
const DICTIONARIES = "dictionaries";
const FINDINGS = "findings";

/** Dictionaries that ship with a model stand before those of the data folder, where new ones go. */
export async function openModelDictionaries(home: string, name: string): Promise<DictionaryLibrary> {
  const shipped = await shippedFolder(name);
  const roots: DictionaryRoot[] = [{ folder: path.join(home, DICTIONARIES, name), bundled: false }];
  if (shipped !== undefined) roots.unshift({ folder: path.join(shipped, DICTIONARIES), bundled: true });
  return openDictionaryLibrary({ roots });
}

/** The model's own reference text, else the one that comes with Patchbay. @param folder of its config.json */
export async function readReferenceTexts(folder: string): Promise<string[]> {
  const own = await readIfThere(path.join(folder, REFERENCE_TEXT));
  const texts = linesOf(own?.toString("utf8") ?? (await bundledReferenceText()));
  if (texts.length > 0) return texts;
  throw new PatchbayError("empty-input", `${folder} has an empty ${REFERENCE_TEXT}.`, { expected: "one text a line" });
}

/** Texts over which a model's units are indexed: those of the shipped corpus, else the reference texts. */
export async function readIndexCorpusTexts(name: string, folder: string): Promise<string[]> {
  const shipped = await shippedFolder(name);
  const packed = shipped === undefined ? undefined : await readIfThere(path.join(shipped, INDEX_CORPUS));
  if (packed === undefined) return readReferenceTexts(folder);
  const lines = linesOf((await promisify(gunzip)(packed)).toString("utf8"));
  return lines.map((line) => (JSON.parse(line) as { text: string }).text);
}

/** The shipped index, undefined where the model has none. */
export async function shippedIndexFile(name: string): Promise<string | undefined> {
  const shipped = await shippedFolder(name);
  if (shipped === undefined) return undefined;
  const file = path.join(shipped, INDEX);
  return stat(file).then(
    () => file,
    () => undefined,
  );
}

/** The findings that ship with a model, in the order of their file names; none where it has none. */
export async function readTour(name: string): Promise<Snapshot[]> {
  const shipped = await shippedFolder(name);
  if (shipped === undefined) return [];
  const folder = path.join(shipped, FINDINGS);
  const files = await readdir(folder).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return [];
    throw error;
  });
  const findings = files.filter((file) => file.endsWith(".json")).sort();
  return Promise.all(
    findings.map(async (file) => Snapshot.parse(JSON.parse(await readFile(path.join(folder, file), "utf8")))),
  );
}

async function shippedFolder(name: string): Promise<string | undefined> {
  try {
    return await bundledFolder(name);
  } catch (error) {
    if (error instanceof PatchbayError && error.code === "file-not-found") return undefined;
    throw error;
  }
}

async function readIfThere(file: string): Promise<Buffer | undefined> {
  return readFile(file).catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
}

function linesOf(text: string): string[] {
  return text.split("\n").filter((line) => line.trim() !== "");
}
