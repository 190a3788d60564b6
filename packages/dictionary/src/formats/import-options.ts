/** What a person may say about a dictionary beyond what its files say, and how a specification is put together from both. */
import { basename } from "node:path";
import { PatchbayError } from "@patchbay/vocabulary";
import type { DictionarySpec } from "../dictionary.ts";

export interface ImportOptions {
  /** Of the dictionary; of several, the beginning of their names. From the folder's name unless given. */
  readonly name?: string;
  /** Name of the model, where the files do not say it. */
  readonly model?: string;
  /** Sites where the files do not name them: full, or without `blocks.{layer}.` where the layer is known. */
  readonly inputSite?: string;
  readonly outputSite?: string;
  readonly layer?: number;
  /** √d_in / mean ‖x‖, for SAELens files with expected_average_only_in that lack it. */
  readonly normScalingFactor?: number;
  readonly address?: string;
  readonly licence?: string;
  readonly description?: string;
}

/** The parts that a format's files decide. */
export interface FoundSpec
  extends Omit<
    DictionarySpec,
    "format" | "name" | "set" | "description" | "licence" | "source" | "training" | "quality"
  > {
  readonly format: string;
  readonly notes: readonly string[];
  /** What tells one dictionary of a folder from the others; null for a folder that holds one. */
  readonly member: string | null;
}

/** Letters, digits, dots, hyphens and underscores: a folder name and a part of a URL. */
const NAME = /^[a-z0-9][a-z0-9._-]*$/i;
const LONGEST_NAME = 100;

export function isDictionaryName(name: string): boolean {
  return NAME.test(name) && name.length <= LONGEST_NAME;
}

/** @throws PatchbayError `invalid-request` */
export function checkDictionaryName(name: string): string {
  if (isDictionaryName(name)) return name;
  throw new PatchbayError("invalid-request", "This is not a name for a dictionary.", {
    expected: "letters, digits, dots, hyphens and underscores, beginning with a letter or digit, at most 100",
    received: JSON.stringify(name.slice(0, 200)),
    advice: "Give another one.",
  });
}

/** A name from whatever text a folder or a hook has. */
export function suggestDictionaryName(text: string): string {
  const plain = text.replace(/[^a-z0-9._-]+/gi, "-").replace(/^[^a-z0-9]+/i, "");
  return checkDictionaryName(plain.slice(0, LONGEST_NAME) || "dictionary");
}

export function completeSpec(found: FoundSpec, folder: string, options: ImportOptions): DictionarySpec {
  const { format, notes, member, ...rest } = found;
  const base = options.name ?? suggestDictionaryName(basename(folder));
  return {
    format: 1,
    name: checkDictionaryName(member === null ? base : suggestDictionaryName(`${base}.${member}`)),
    set: member === null ? null : base,
    description: options.description ?? null,
    licence: options.licence ?? null,
    ...rest,
    model: { name: rest.model.name ?? options.model ?? null, hash: rest.model.hash },
    source: { format, address: options.address ?? null, notes },
    training: null,
    quality: null,
  };
}
