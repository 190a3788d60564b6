/** patchbay.json: what a model folder says about itself beyond what Hugging Face's files hold. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { PatchbayError } from "@patchbay/vocabulary";

export const MANIFEST_FILE = "patchbay.json";

export interface ModelRecipe {
  /** Whether a prompt begins with the beginning-of-sequence token, as in training. */
  readonly prependBos: boolean;
  /** Longest input in tokens. */
  readonly context?: number;
}

export interface ModelManifest {
  readonly name: string;
  readonly description?: string;
  /** Where the weights came from, for people. */
  readonly source?: string;
  /** SPDX identifier. */
  readonly licence?: string;
  /** Hexadecimal SHA-256 by file name. */
  readonly hashes?: Readonly<Record<string, string>>;
  readonly recipe?: ModelRecipe;
  readonly examplePrompts?: readonly string[];
  /** Absolute path of the model's files, where they are not in the manifest's own folder. */
  readonly folder?: string;
}

/** The folder's manifest, or undefined where it has none. @throws PatchbayError `damaged-file` */
export async function readModelManifest(folder: string): Promise<ModelManifest | undefined> {
  const file = join(folder, MANIFEST_FILE);
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return undefined;
    throw error;
  });
  if (text === undefined) return undefined;
  try {
    const value = JSON.parse(text) as ModelManifest;
    if (typeof value.name === "string") return value;
  } catch (cause) {
    throw notManifest(file, cause);
  }
  throw notManifest(file);
}

function notManifest(file: string, cause?: unknown): PatchbayError {
  return new PatchbayError("damaged-file", `${file} is not a model manifest.`, {
    expected: 'a JSON object with "name"',
    advice: "Remove the model and add it again.",
    cause,
  });
}
