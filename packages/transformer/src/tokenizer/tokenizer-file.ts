/** Reads tokenizer.json into typed values. What we cannot reproduce exactly is refused, never approximated. */
import { readFile } from "node:fs/promises";
import { join } from "node:path";
import { PatchbayError } from "@patchbay/vocabulary";
import type { Merge } from "./merge-table.ts";

/** A component of tokenizer.json: a normaliser, splitter or decoder with its settings. */
export interface Component {
  readonly type: string;
  readonly [setting: string]: unknown;
}

export interface AddedToken {
  readonly id: number;
  readonly content: string;
  readonly special: boolean;
  /** Whether the token also takes the white space before or after it. */
  readonly lstrip: boolean;
  readonly rstrip: boolean;
}

export interface TokenizerFile {
  readonly vocabulary: ReadonlyMap<string, number>;
  readonly merges: readonly Merge[];
  readonly addedTokens: readonly AddedToken[];
  /** Sequences taken apart, in order. */
  readonly normalizers: readonly Component[];
  readonly preTokenizers: readonly Component[];
  readonly decoders: readonly Component[];
  readonly byteFallback: boolean;
  /** A word that is in the vocabulary is taken whole, whatever the merges say. */
  readonly ignoreMerges: boolean;
  readonly unknownToken: number | undefined;
}

/** @throws PatchbayError `file-not-found`, `damaged-file`, or `unsupported-model` for models other than BPE. */
export async function readTokenizerFile(folder: string): Promise<TokenizerFile> {
  const file = join(folder, "tokenizer.json");
  const text = await readFile(file, "utf8").catch((cause: unknown) => {
    throw new PatchbayError("file-not-found", `${folder} has no tokenizer.json.`, {
      expected: "the tokenizer in Hugging Face's one-file form",
      advice: "Save it with `AutoTokenizer.from_pretrained(…).save_pretrained(…)` and add the file.",
      cause,
    });
  });
  const json = parseJson(text, file);
  const model = isComponent(json["model"]) || isRecord(json["model"]) ? (json["model"] as Record<string, unknown>) : {};
  // Old files leave the type out.
  if ((model["type"] ?? "BPE") !== "BPE" || !isRecord(model["vocab"]) || !Array.isArray(model["merges"])) {
    throw new PatchbayError("unsupported-model", `${file} holds a tokenizer that is not supported.`, {
      expected: "model.type BPE with vocab and merges (byte-level or SentencePiece)",
      received: String(model["type"] ?? "no model"),
    });
  }
  const vocabulary = new Map(Object.entries(model["vocab"] as Record<string, number>));
  const unknown = model["unk_token"];
  return {
    vocabulary,
    merges: model["merges"].map((merge: unknown) => readMerge(merge, vocabulary, file)),
    addedTokens: readAddedTokens(json["added_tokens"]),
    normalizers: flatten(json["normalizer"], "normalizers"),
    preTokenizers: flatten(json["pre_tokenizer"], "pretokenizers"),
    decoders: flatten(json["decoder"], "decoders"),
    byteFallback: model["byte_fallback"] === true,
    ignoreMerges: model["ignore_merges"] === true,
    unknownToken: typeof unknown === "string" ? vocabulary.get(unknown) : undefined,
  };
}

/** Names of the marker tokens in tokenizer_config.json; empty where there is no such file. */
export async function readTokenizerConfig(folder: string): Promise<Readonly<Record<string, unknown>>> {
  const file = join(folder, "tokenizer_config.json");
  const text = await readFile(file, "utf8").catch((error: NodeJS.ErrnoException) => {
    if (error.code === "ENOENT") return "{}";
    throw error;
  });
  return parseJson(text, file);
}

/** config.json beside the tokenizer; empty where there is none. */
export async function readConfigBeside(folder: string): Promise<Readonly<Record<string, unknown>>> {
  const file = join(folder, "config.json");
  const text = await readFile(file, "utf8").catch(() => "{}");
  return parseJson(text, file);
}

function readMerge(merge: unknown, vocabulary: ReadonlyMap<string, number>, file: string): Merge {
  const [left, right] = typeof merge === "string" ? splitOnce(merge) : (merge as [string, string]);
  const ids = [left, right, `${left}${right}`].map((piece) => vocabulary.get(piece));
  const [leftId, rightId, merged] = ids;
  if (leftId === undefined || rightId === undefined || merged === undefined) {
    throw new PatchbayError("damaged-file", `${file} has a merge of pieces that are not in its vocabulary.`, {
      received: JSON.stringify(merge),
      advice: "Take tokenizer.json from the model's own folder again.",
    });
  }
  return { left: leftId, right: rightId, merged };
}

function splitOnce(merge: string): [string, string] {
  const space = merge.indexOf(" ");
  return [merge.slice(0, space), merge.slice(space + 1)];
}

function readAddedTokens(value: unknown): AddedToken[] {
  const tokens = Array.isArray(value) ? value.filter(isRecord) : [];
  return tokens.flatMap(({ id, content, special, lstrip, rstrip }) =>
    typeof id === "number" && typeof content === "string" && content !== ""
      ? [{ id, content, special: special === true, lstrip: lstrip === true, rstrip: rstrip === true }]
      : [],
  );
}

function flatten(value: unknown, parts: string): Component[] {
  if (!isComponent(value)) return [];
  const inner = value[parts];
  return value.type === "Sequence" && Array.isArray(inner) ? inner.flatMap((part) => flatten(part, parts)) : [value];
}

function parseJson(text: string, file: string): Record<string, unknown> {
  try {
    const value: unknown = JSON.parse(text);
    if (isRecord(value)) return value;
  } catch (cause) {
    throw new PatchbayError("damaged-file", `${file} is not JSON.`, { advice: "Download the file again.", cause });
  }
  throw new PatchbayError("damaged-file", `${file} is not a JSON object.`, { advice: "Download the file again." });
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isComponent(value: unknown): value is Component {
  return isRecord(value) && typeof value["type"] === "string";
}
