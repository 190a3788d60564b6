/** Which format a file or folder is in, by what is in it. Pickles are never opened. */
import { readFile } from "node:fs/promises";
import { basename, dirname, join, resolve } from "node:path";
import { readRange } from "@patchbay/transformer";
import { PatchbayError } from "@patchbay/vocabulary";
import { entriesOf, existingFile, statusOf } from "./files.ts";
import { CIRCUIT_TRACER_CONFIG, CROSS_LAYER_FILE, LAYER_FILE } from "./import-circuit-tracer.ts";
import { GEMMA_SCOPE_WEIGHTS } from "./import-gemma-scope.ts";
import { LLAMA_SCOPE_CONFIG, LLAMA_SCOPE_WEIGHTS } from "./import-llama-scope.ts";
import { PATCHBAY_WEIGHTS } from "./import-patchbay.ts";
import { SAE_LENS_CONFIG, SAE_LENS_WEIGHTS } from "./import-sae-lens.ts";
import { SPARSIFY_CONFIG, SPARSIFY_WEIGHTS } from "./import-sparsify.ts";
import { SPEC_FILE } from "./spec-json.ts";

export const DICTIONARY_FORMATS = [
  "patchbay",
  "sae-lens",
  "circuit-tracer",
  "sparsify",
  "gemma-scope",
  "llama-scope",
] as const;
export type DictionaryFormat = (typeof DICTIONARY_FORMATS)[number];

export interface DetectedFormat {
  readonly format: DictionaryFormat;
  /** What was given, or the folder that a given file belongs to. */
  readonly folder: string;
  /** Folders with one dictionary each (or one set, for circuit-tracer): `folder` itself, or folders in it. */
  readonly members: readonly string[];
}

const PICKLE = /\.(pt|pth|bin|pkl|pickle|ckpt|joblib)$/i;

/** @throws PatchbayError `file-not-found`, `unsupported-model` */
export async function detectFormat(path: string): Promise<DetectedFormat> {
  const folder = await folderOf(resolve(path));
  const formats = await formatsIn(folder);
  const [format, second] = formats;
  if (second !== undefined) throw severalFormats(folder, formats);
  if (format !== undefined) return { format, folder, members: [folder] };
  return detectMembers(folder);
}

/** A folder of dictionaries: one folder a hookpoint, as sparsify and SAELens runs leave behind. */
async function detectMembers(folder: string): Promise<DetectedFormat> {
  const entries = await entriesOf(folder);
  const members: string[] = [];
  const found = new Set<DictionaryFormat>();
  for (const entry of entries.filter((candidate) => candidate.isDirectory() && !candidate.name.startsWith("."))) {
    const member = join(folder, entry.name);
    const formats = await formatsIn(member);
    if (formats.length > 1) throw severalFormats(member, formats);
    for (const format of formats) {
      found.add(format);
      members.push(member);
    }
  }
  const formats = [...found];
  const [format, second] = formats;
  if (second !== undefined) throw severalFormats(folder, formats);
  if (format === undefined) {
    refusePickles(
      entries.map(({ name }) => name),
      folder,
    );
    throw unknownFormat(
      folder,
      entries.map(({ name }) => name),
    );
  }
  if (format !== "sparsify" && format !== "sae-lens" && members.length > 1) {
    throw new PatchbayError("unsupported-model", `${folder} holds several dictionaries.`, {
      expected: "the folder of one",
      received: members
        .map((member) => basename(member))
        .slice(0, 5)
        .join(", "),
      advice: "Add them one by one.",
    });
  }
  return { format, folder, members };
}

async function formatsIn(folder: string): Promise<DictionaryFormat[]> {
  const names = (await entriesOf(folder)).map(({ name }) => name);
  const has = (name: string) => names.includes(name);
  const layered = names.some((name) => LAYER_FILE.test(name) || CROSS_LAYER_FILE.test(name));
  const formats: DictionaryFormat[] = [];
  if (has(SPEC_FILE) && has(PATCHBAY_WEIGHTS)) formats.push("patchbay");
  if (has(SAE_LENS_CONFIG) && has(SAE_LENS_WEIGHTS)) formats.push("sae-lens");
  if (has(CIRCUIT_TRACER_CONFIG) && (layered || (await namesModelKind(join(folder, CIRCUIT_TRACER_CONFIG))))) {
    formats.push("circuit-tracer");
  }
  if (has(SPARSIFY_CONFIG) && has(SPARSIFY_WEIGHTS)) formats.push("sparsify");
  if (has(GEMMA_SCOPE_WEIGHTS)) formats.push("gemma-scope");
  if (has(LLAMA_SCOPE_CONFIG) && (await anyFile(folder, LLAMA_SCOPE_WEIGHTS))) formats.push("llama-scope");
  return formats;
}

/** A circuit-tracer configuration without its weights is recognised, so that the refusal can say what is missing. */
async function namesModelKind(file: string): Promise<boolean> {
  const size = (await statusOf(file))?.size ?? 0;
  return size < 1_000_000 && /^model_kind\s*:/m.test(await readFile(file, "utf8").catch(() => ""));
}

async function anyFile(folder: string, names: readonly string[]): Promise<boolean> {
  for (const name of names) if (await existingFile(join(folder, name))) return true;
  return false;
}

/** The folder that a path stands for: itself, or where a dictionary's file lies. */
async function folderOf(path: string): Promise<string> {
  const status = await statusOf(path);
  if (status === undefined) {
    throw new PatchbayError("file-not-found", `There is nothing at ${path}.`, {
      expected: "a dictionary's folder: SAELens, circuit-tracer, sparsify, Gemma Scope, Llama Scope, or Patchbay's own",
    });
  }
  if (status.isDirectory()) return path;
  await refusePickleFile(path);
  // hyperparams.json lies beside the checkpoints folder.
  const folder = dirname(path);
  return basename(path) === "final.safetensors" && basename(folder) === "checkpoints" ? dirname(folder) : folder;
}

async function refusePickleFile(path: string): Promise<void> {
  const start = await readRange({ file: path, length: 2 });
  // Protocol 2 and later of Python's pickle begin with 0x80 and their number.
  const pickled = start[0] === 0x80 && (start[1] ?? 0) >= 2 && (start[1] ?? 0) <= 5;
  if (pickled || PICKLE.test(path)) throw pickleRefusal(path);
  if (basename(path) !== GEMMA_SCOPE_WEIGHTS && !/\.(safetensors|json|ya?ml)$/.test(path)) {
    throw unknownFormat(path, [basename(path)]);
  }
}

function refusePickles(names: readonly string[], folder: string): void {
  const pickle = names.find((name) => PICKLE.test(name));
  if (pickle !== undefined) throw pickleRefusal(join(folder, pickle));
}

function pickleRefusal(path: string): PatchbayError {
  return new PatchbayError("unsupported-model", `${path} is a Python pickle, which can run code when it is opened.`, {
    expected: "safetensors, or npz for Gemma Scope",
    received: basename(path),
    advice: "Load it with the library that wrote it, in a place that you trust, and save it as a SAELens folder.",
  });
}

function severalFormats(folder: string, formats: readonly string[]): PatchbayError {
  return new PatchbayError("unsupported-model", `${folder} holds dictionaries of several formats.`, {
    expected: "one format",
    received: formats.join(" and "),
    advice: "Move each into a folder of its own.",
  });
}

function unknownFormat(folder: string, names: readonly string[]): PatchbayError {
  return new PatchbayError("unsupported-model", `${folder} is not a dictionary in a format that is known.`, {
    expected:
      `${SAE_LENS_CONFIG} + ${SAE_LENS_WEIGHTS} (SAELens), ${CIRCUIT_TRACER_CONFIG} + layer_0.safetensors (circuit-tracer), ` +
      `${SPARSIFY_CONFIG} + ${SPARSIFY_WEIGHTS} (sparsify), ${GEMMA_SCOPE_WEIGHTS} (Gemma Scope), ` +
      `${LLAMA_SCOPE_CONFIG} + final.safetensors (Llama Scope), or ${SPEC_FILE} + ${PATCHBAY_WEIGHTS}`,
    received: names.slice(0, 8).join(", ") || "an empty folder",
  });
}
