/** Names of installed models: they are folder names and parts of URLs. */
import { basename, dirname } from "node:path";
import { PatchbayError } from "@patchbay/vocabulary";

const NAME = /^[a-z0-9][a-z0-9._-]*$/i;

/** @throws PatchbayError `invalid-request` */
export function checkModelName(name: string): string {
  if (NAME.test(name) && name.length <= 100) return name;
  throw new PatchbayError("invalid-request", "This is not a name for a model.", {
    expected: "letters, digits, dots, dashes and underscores, beginning with a letter or digit, at most 100",
    received: JSON.stringify(name),
    advice: "Give another one with --name NAME.",
  });
}

/** A name from a path: the folder's, the file's without its ending, or the repository's in a Hugging Face cache. */
export function suggestModelName(path: string): string {
  const cached = /^models--(?:.+--)?(.+)$/.exec(basename(dirname(dirname(path))))?.[1];
  const plain = (cached ?? basename(path)).replace(/\.(bin|safetensors)$/i, "");
  return checkModelName(plain.replace(/[^a-z0-9._-]+/gi, "-").replace(/^[^a-z0-9]+/i, ""));
}
