/** A body of texts as token lists, over which units are indexed, dictionaries trained and their quality measured. */
import { createHash } from "node:crypto";
import { readFile } from "node:fs/promises";
import path from "node:path";
import { gunzipSync } from "node:zlib";
import type { Tokenizer } from "@patchbay/transformer";
import { PatchbayError } from "@patchbay/vocabulary";

export interface Corpus {
  readonly name: string;
  /** sha256 over the token ids. */
  readonly hash: string;
  /** Token ids, BOS first where the model's recipe has it, cut at the model's context. */
  readonly documents: readonly Int32Array[];
  /** 1 where every document begins with BOS, whose activations are left out; else 0. */
  readonly skip: number;
}

export interface CorpusRules {
  readonly tokenizer: Tokenizer;
  readonly prependBos: boolean;
  readonly context: number;
}

/** Tokens that count: BOS left out. */
export function countedTokens({ documents, skip }: Corpus): number {
  return documents.reduce((sum, { length }) => sum + Math.max(0, length - skip), 0);
}

export function corpusFromTexts(
  name: string,
  texts: Iterable<string>,
  { tokenizer, prependBos, context }: CorpusRules,
): Corpus {
  const documents: Int32Array[] = [];
  const skip = prependBos ? 1 : 0;
  for (const text of texts) {
    const ids = Int32Array.from(tokenizer.encode(text, { prependBos }), ({ id }) => id).subarray(0, context);
    if (ids.length > skip + 1) documents.push(ids);
  }
  return corpusFromTokens(name, documents, skip);
}

export function corpusFromTokens(name: string, documents: readonly Int32Array[], skip: number): Corpus {
  if (documents.length === 0) {
    throw new PatchbayError("empty-input", `The corpus "${name}" holds no text.`, {
      expected: "at least one text of two tokens",
    });
  }
  const hash = createHash("sha256");
  for (const document of documents) {
    hash.update(Int32Array.of(document.length));
    hash.update(document);
  }
  return { name, hash: hash.digest("hex"), documents: packed(documents), skip };
}

/** Views of one array: tens of thousands of small ones would keep the garbage collector busy. */
function packed(documents: readonly Int32Array[]): Int32Array[] {
  const all = new Int32Array(documents.reduce((sum, { length }) => sum + length, 0));
  let start = 0;
  return documents.map((document) => {
    all.set(document, start);
    start += document.length;
    return all.subarray(start - document.length, start);
  });
}

/**
 * Texts of a file: one a line, or JSON lines with a `text`, either gzipped or not.
 * @throws PatchbayError `file-not-found`, `damaged-file`
 */
export async function readTexts(file: string): Promise<string[]> {
  const bytes = await readFile(file).catch((cause: unknown) => {
    throw new PatchbayError("file-not-found", `The text file ${file} cannot be read.`, {
      expected: "a .txt, .jsonl or .jsonl.gz file on the server's machine",
      cause,
    });
  });
  const lines = unpacked(bytes, file)
    .toString("utf8")
    .split("\n")
    .filter((line) => line.trim() !== "");
  if (!/\.jsonl(\.gz)?$/.test(file)) return lines;
  return lines.map((line, i) => {
    const text = textOf(line);
    if (text !== undefined) return text;
    throw new PatchbayError("damaged-file", `Line ${i + 1} of ${path.basename(file)} is no text.`, {
      expected: 'an object with "text"',
      received: line.slice(0, 80),
    });
  });
}

function unpacked(bytes: Buffer, file: string): Buffer {
  if (!file.endsWith(".gz")) return bytes;
  try {
    return gunzipSync(bytes, { maxOutputLength: 2 ** 31 });
  } catch (cause) {
    throw new PatchbayError("damaged-file", `${path.basename(file)} does not unpack.`, {
      expected: "gzip of at most 2 GB of text",
      cause,
    });
  }
}

function textOf(line: string): string | undefined {
  try {
    const { text } = JSON.parse(line) as { text?: unknown };
    return typeof text === "string" ? text : undefined;
  } catch {
    return undefined;
  }
}
