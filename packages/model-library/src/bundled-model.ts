/** Models that come with the repository: a manifest that says where the weights are and what they must be. */
import { readFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import type { ModelManifest } from "@patchbay/transformer";
import { PatchbayError } from "@patchbay/vocabulary";

/** A part of a file of the package. */
export interface PackedRange {
  readonly offset: number;
  readonly length: number;
  /** Hexadecimal. */
  readonly sha256: string;
}

export interface BundledManifest {
  readonly name: string;
  readonly description: string;
  readonly source: string;
  /** SPDX identifier. */
  readonly licence: string;
  readonly package: {
    readonly name: string;
    readonly version: string;
    readonly integrity: string;
    readonly bytes: number;
    /** The file that holds both parts below. */
    readonly path: string;
  };
  /** A llama2.c checkpoint and its tokenizer. */
  readonly checkpoint: PackedRange;
  readonly tokenizer: PackedRange;
  readonly recipe: NonNullable<ModelManifest["recipe"]>;
  readonly examplePrompts: readonly string[];
}

export const BUNDLED_MODEL = "stories-15m";

export async function readBundledManifest(name: string = BUNDLED_MODEL): Promise<BundledManifest> {
  return JSON.parse(await readFile(join(await bundledFolder(name), "manifest.json"), "utf8")) as BundledManifest;
}

/** The model's folder in the repository's `models/`, searched from this file upwards (source or bundle). */
export async function bundledFolder(name: string = BUNDLED_MODEL): Promise<string> {
  const here = dirname(fileURLToPath(import.meta.url));
  for (let folder = here; folder !== dirname(folder); folder = dirname(folder)) {
    const candidate = join(folder, "models", name);
    if (await isReadable(join(candidate, "manifest.json"))) return candidate;
  }
  throw new PatchbayError("file-not-found", `The bundled model "${name}" is not in this installation.`, {
    expected: `models/${name}/manifest.json above ${here}`,
    advice: "Run from a complete clone of the repository.",
  });
}

/** ~60 KB of text of the model's own distribution, one document a line, for statistics of activations. */
export async function bundledReferenceText(name: string = BUNDLED_MODEL): Promise<string> {
  return readFile(join(await bundledFolder(name), "reference.txt"), "utf8");
}

async function isReadable(file: string): Promise<boolean> {
  return readFile(file).then(
    () => true,
    () => false,
  );
}
