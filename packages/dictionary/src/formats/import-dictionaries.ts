/** The one way in: any format, one dictionary after the other, so that a set of many layers is never whole in memory. */
import { basename } from "node:path";
import { PatchbayError } from "@patchbay/vocabulary";
import type { DictionaryWeights } from "../dictionary.ts";
import { type DetectedFormat, detectFormat } from "./detect-format.ts";
import { importCircuitTracer } from "./import-circuit-tracer.ts";
import { importGemmaScope } from "./import-gemma-scope.ts";
import { importLlamaScope } from "./import-llama-scope.ts";
import { type ImportOptions, suggestDictionaryName } from "./import-options.ts";
import { importPatchbay } from "./import-patchbay.ts";
import { importSaeLens } from "./import-sae-lens.ts";
import { importSparsify } from "./import-sparsify.ts";

/**
 * Reads the dictionaries at a path, checked and in the common form.
 * @param path a folder, or a file that belongs to one
 * @throws PatchbayError, and nothing else, for whatever the files hold
 */
export async function* importDictionaries(
  path: string,
  options: ImportOptions = {},
): AsyncGenerator<DictionaryWeights> {
  try {
    yield* importDetected(await detectFormat(path), options);
  } catch (cause) {
    throw cause instanceof PatchbayError ? cause : unreadable(path, cause);
  }
}

async function* importDetected(
  { format, folder, members }: DetectedFormat,
  options: ImportOptions,
): AsyncGenerator<DictionaryWeights> {
  for (const member of members) {
    const part = member === folder ? null : basename(member);
    const own: ImportOptions =
      part === null ? options : { ...options, name: options.name ?? suggestDictionaryName(basename(folder)) };
    switch (format) {
      case "patchbay":
        yield await importPatchbay(member, options);
        break;
      case "sae-lens":
        yield await importSaeLens(member, own, part);
        break;
      case "circuit-tracer":
        yield* importCircuitTracer(member, options);
        break;
      case "sparsify":
        yield await importSparsify(member, own, part);
        break;
      case "gemma-scope":
        yield await importGemmaScope(member, options);
        break;
      case "llama-scope":
        yield await importLlamaScope(member, options);
        break;
    }
  }
}

/** The operating system's own refusals: no permission, a disk error, a file that vanished. */
function unreadable(path: string, cause: unknown): unknown {
  const { code } = cause as NodeJS.ErrnoException;
  if (typeof code !== "string") return cause;
  return new PatchbayError("file-not-found", `${path} cannot be read.`, {
    expected: "readable files",
    received: code,
    cause,
  });
}
