/**
 * The container of a compact unit index:
 *   "PBUI", version (uint32, little-endian like all numbers), sha256 of all that follows (32 bytes),
 *   length of the header (uint32), the header (JSON), then the parts of each source in the header's order, in Brotli.
 */
import { createHash } from "node:crypto";
import { brotliCompressSync, brotliDecompressSync, constants } from "node:zlib";
import { ensureDefined, PatchbayError } from "@patchbay/vocabulary";
import type { SourceIndex, UnitIndex } from "./source-index.ts";

const MAGIC = "PBUI";
export const UNIT_INDEX_VERSION = 1;
const START_OF_HEADER = 44;
/** More units of one source, or tokens or documents of a corpus, are taken for damage. */
const LARGEST_COUNT = 2 ** 32;
const MOST_UNITS = 2 ** 24;

/** In the file's order; what each holds is in encode-unit-index.ts. */
export const PART_NAMES = [
  "sum",
  "maximum",
  "minimum",
  "histogramStarts",
  "histogram",
  "topDocuments",
  "topPositions",
  "topValues",
  "intervalDocuments",
  "intervalPositions",
  "intervalValues",
  "randomDocuments",
  "randomPositions",
  "randomValues",
  "topTokens",
  "topTokenMeans",
] as const;
export type PartName = (typeof PART_NAMES)[number];
export type Parts = Readonly<Record<PartName, Uint8Array>>;

export interface SourceHeader
  extends Pick<SourceIndex, "source" | "sourceHash" | "kind" | "layer" | "units" | "tokens"> {
  /** Compressed bytes of each part, and bytes when unpacked. */
  readonly parts: Readonly<Record<PartName, readonly [packed: number, unpacked: number]>>;
}

export interface IndexHeader extends Omit<UnitIndex, "sources"> {
  readonly sources: readonly SourceHeader[];
}

export interface SourceParts {
  readonly header: Omit<SourceHeader, "parts">;
  readonly parts: Parts;
}

export function writeContainer(index: Omit<UnitIndex, "sources">, sources: Iterable<SourceParts>): Uint8Array {
  const pieces: Uint8Array[] = [];
  const headers: SourceHeader[] = [];
  for (const { header, parts } of sources) {
    const lengths = PART_NAMES.map((name) => {
      const packed = brotliCompressSync(parts[name], {
        params: {
          [constants.BROTLI_PARAM_QUALITY]: 7,
          [constants.BROTLI_PARAM_LGWIN]: 20,
          [constants.BROTLI_PARAM_SIZE_HINT]: parts[name].length,
        },
      });
      pieces.push(packed);
      return [name, [packed.length, parts[name].length]] as const;
    });
    headers.push({ ...header, parts: Object.fromEntries(lengths) as SourceHeader["parts"] });
  }
  const { corpus, modelHash } = index;
  const json = Buffer.from(JSON.stringify({ corpus, modelHash, sources: headers }));
  const length = Buffer.alloc(4);
  length.writeUInt32LE(json.length);
  const body = Buffer.concat([length, json, ...pieces]);
  const start = Buffer.alloc(8);
  start.write(MAGIC, "latin1");
  start.writeUInt32LE(UNIT_INDEX_VERSION, 4);
  return new Uint8Array(Buffer.concat([start, createHash("sha256").update(body).digest(), body]));
}

/** @throws PatchbayError `damaged-file`, also for a file of another version */
export function readContainer(bytes: Uint8Array): { header: IndexHeader; sources: SourceParts[] } {
  const { header, payload } = readHeader(bytes);
  let at = 0;
  const sources = header.sources.map(({ parts, ...source }) => {
    const unpacked = PART_NAMES.map((name) => {
      const [packed, length] = parts[name];
      const piece = payload.subarray(at, at + packed);
      at += packed;
      return [name, unpack(piece, length, name)] as const;
    });
    return { header: source, parts: Object.fromEntries(unpacked) as Record<PartName, Uint8Array> };
  });
  return { header, sources };
}

/** Compressed bytes of each part, over all sources. */
export function partSizes(bytes: Uint8Array): Record<PartName, number> {
  const { header } = readHeader(bytes);
  const total = (name: PartName) => header.sources.reduce((sum, { parts }) => sum + parts[name][0], 0);
  return Object.fromEntries(PART_NAMES.map((name) => [name, total(name)])) as Record<PartName, number>;
}

function readHeader(bytes: Uint8Array): { header: IndexHeader; payload: Buffer } {
  const file = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length);
  if (file.length < START_OF_HEADER || file.toString("latin1", 0, 4) !== MAGIC) throw damagedIndex("no unit index");
  const version = file.readUInt32LE(4);
  if (version !== UNIT_INDEX_VERSION) throw damagedIndex(`version ${version}`);
  if (!createHash("sha256").update(file.subarray(40)).digest().equals(file.subarray(8, 40))) {
    throw damagedIndex("contents that do not fit their checksum");
  }
  const end = START_OF_HEADER + file.readUInt32LE(40);
  const header = checkedHeader(file.toString("utf8", START_OF_HEADER, end));
  const payload = file.subarray(end);
  const packed = header.sources.flatMap(({ parts }) => PART_NAMES.map((name) => parts[name][0]));
  if (packed.reduce((sum, length) => sum + length, 0) !== payload.length) throw damagedIndex("parts of another length");
  return { header, payload };
}

function checkedHeader(text: string): IndexHeader {
  let header: Partial<IndexHeader> | null;
  try {
    header = JSON.parse(text) as Partial<IndexHeader> | null;
  } catch {
    throw damagedIndex("a header that is no JSON");
  }
  const corpus = header?.corpus;
  const isRight =
    typeof header?.modelHash === "string" &&
    typeof corpus?.name === "string" &&
    typeof corpus.hash === "string" &&
    isCount(corpus.documents) &&
    isCount(corpus.tokens) &&
    Array.isArray(header.sources) &&
    header.sources.every(isSourceHeader);
  if (!isRight) throw damagedIndex("a header without its fields");
  return header as IndexHeader;
}

function isSourceHeader(value: Partial<SourceHeader> | null): boolean {
  return (
    typeof value?.source === "string" &&
    typeof value.sourceHash === "string" &&
    (value.kind === "neuron" || value.kind === "feature") &&
    isCount(value.layer) &&
    isCount(value.tokens) &&
    isCount(value.units) &&
    value.units <= MOST_UNITS &&
    PART_NAMES.every((name) => {
      const lengths: unknown = value.parts?.[name];
      return Array.isArray(lengths) && lengths.length === 2 && lengths.every(isCount);
    })
  );
}

function isCount(value: unknown): value is number {
  return Number.isInteger(value) && Number(value) >= 0 && Number(value) < LARGEST_COUNT;
}

function unpack(piece: Uint8Array, length: number, name: string): Uint8Array {
  try {
    const unpacked = brotliDecompressSync(piece, { maxOutputLength: Math.max(1, length) });
    if (unpacked.length === length) return unpacked;
  } catch {
    // Said below.
  }
  throw damagedIndex(`a part "${name}" that does not unpack`);
}

export function damagedIndex(received: string): PatchbayError {
  return new PatchbayError("damaged-file", "This is no usable unit index.", {
    expected: `a complete unit index of version ${UNIT_INDEX_VERSION}`,
    received,
    advice: "Run the job unit-index to compute it anew.",
  });
}

/** Refuses a part whose length does not follow from the number of units. */
export function expectLength(parts: Parts, name: PartName, length: number): Uint8Array {
  const part = ensureDefined(parts[name]);
  if (part.length !== length) throw damagedIndex(`a part "${name}" of another length`);
  return part;
}
