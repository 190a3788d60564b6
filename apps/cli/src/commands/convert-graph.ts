/** `patchbay graph convert`: an attribution graph from one JSON format to another, on standard output. */
import { constants } from "node:buffer";
import { readFile } from "node:fs/promises";
import { buffer } from "node:stream/consumers";
import { promisify } from "node:util";
import { gunzip } from "node:zlib";
import { describeNotice, type ReadGraph, readGraphText, writeGraphFile } from "@patchbay/circuit-graph";
import { PatchbayError } from "@patchbay/vocabulary";

export interface ConvertGraphOptions {
  readonly to: "neuronpedia" | "patchbay";
}

/** @throws PatchbayError `malformed-json`, `damaged-file` or `request-too-large` for what cannot be read. */
export async function convertGraph(file: string, { to }: ConvertGraphOptions): Promise<void> {
  const { graph, notices } = readText(await readSource(file));
  for (const notice of notices) process.stderr.write(`${describeNotice(notice)}\n`);
  await writeToStandardOutput(`${JSON.stringify(to === "patchbay" ? graph : writeGraphFile(graph))}\n`);
}

function readText(text: string): ReadGraph {
  try {
    return readGraphText(text);
  } catch (error) {
    // The message names the place already; there is no request that it could be in.
    if (error instanceof PatchbayError && error.facts.at !== undefined) {
      const { at: _, ...facts } = error.facts;
      const placeless = new PatchbayError(error.code, "", facts);
      placeless.message = error.message;
      throw placeless;
    }
    throw error;
  }
}

async function readSource(file: string): Promise<string> {
  if (file === "-" && process.stdin.isTTY)
    process.stderr.write("Reading the graph from the terminal; end with Ctrl-D.\n");
  const bytes = file === "-" ? await buffer(process.stdin) : await readFile(file);
  const isCompressed = bytes[0] === 0x1f && bytes[1] === 0x8b;
  const plain = isCompressed ? await decompress(bytes) : bytes;
  if (plain.length > constants.MAX_STRING_LENGTH) throw tooLarge();
  try {
    return new TextDecoder("utf-8", { fatal: true }).decode(plain);
  } catch (cause) {
    throw new PatchbayError("damaged-file", "This file is not text.", {
      expected: "JSON in UTF-8, plain or gzip",
      received: `bytes that begin with ${plain.subarray(0, 8).toString("hex")}`,
      cause,
    });
  }
}

async function decompress(bytes: Buffer): Promise<Buffer> {
  try {
    return await promisify(gunzip)(bytes, { maxOutputLength: constants.MAX_STRING_LENGTH });
  } catch (cause) {
    if (cause instanceof RangeError) throw tooLarge(cause);
    throw new PatchbayError("damaged-file", "This gzip file is damaged.", {
      expected: "a whole gzip file",
      received: cause instanceof Error ? cause.message : String(cause),
      cause,
    });
  }
}

function tooLarge(cause?: unknown): PatchbayError {
  return new PatchbayError("request-too-large", "This graph is too large to be read as one text.", {
    expected: `at most ${Math.floor(constants.MAX_STRING_LENGTH / 2 ** 20)} MiB`,
    cause,
  });
}

/** A reader that closes early (`| head`) has what it wanted. */
function writeToStandardOutput(json: string): Promise<void> {
  return new Promise((resolve, reject) => {
    process.stdout.once("error", (error: NodeJS.ErrnoException) =>
      error.code === "EPIPE" ? resolve() : reject(error),
    );
    process.stdout.write(json, () => resolve());
  });
}
