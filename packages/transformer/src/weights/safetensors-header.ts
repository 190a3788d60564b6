/**
 * The header of a safetensors file: 8 bytes of little-endian length, then JSON of {name: {dtype, shape, data_offsets}}
 * with offsets relative to the end of the header. Format: https://huggingface.co/docs/safetensors
 */
import { PatchbayError, sizeOfShape } from "@patchbay/vocabulary";
import type { StoredType } from "./tensor-source.ts";

export const BYTES_PER_ELEMENT: Readonly<Record<StoredType, number>> = {
  F64: 8,
  I64: 8,
  F32: 4,
  I32: 4,
  F16: 2,
  BF16: 2,
  I16: 2,
  I8: 1,
  U8: 1,
  BOOL: 1,
};

/** The reference implementation's limit; a larger length means that the file is something else. */
export const MAXIMUM_HEADER_BYTES = 100_000_000;

export interface HeaderEntry {
  readonly name: string;
  readonly type: StoredType;
  readonly shape: readonly number[];
  /** Byte offset from the start of the file. */
  readonly offset: number;
  readonly length: number;
}

export interface SafetensorsHeader {
  readonly entries: readonly HeaderEntry[];
  readonly metadata: Readonly<Record<string, string>>;
}

/** Length of the JSON part, from the file's first 8 bytes. @throws PatchbayError `damaged-file` */
export function headerLength(prefix: Uint8Array, fileBytes: number, file: string): number {
  if (prefix.length < 8) throw damaged(file, "is too short for a header", "at least 8 bytes", `${prefix.length} bytes`);
  const length = Number(new DataView(prefix.buffer, prefix.byteOffset, 8).getBigUint64(0, true));
  const limit = Math.min(MAXIMUM_HEADER_BYTES, fileBytes - 8);
  if (length < 2 || length > limit) {
    throw damaged(file, "has an impossible header length", `2 to ${limit} bytes`, `${length} bytes`);
  }
  return length;
}

/** Reads and checks the JSON part. @throws PatchbayError `damaged-file` */
export function parseHeader(json: Uint8Array, fileBytes: number, file: string): SafetensorsHeader {
  const parsed = parseObject(json, file);
  const dataStart = 8 + json.length;
  const { __metadata__: metadata = {}, ...tensors } = parsed;
  const entries = Object.entries(tensors).map(([name, value]) => readEntry(name, value, dataStart, file));
  checkRanges(entries, fileBytes, file);
  return { entries, metadata: readMetadata(metadata, file) };
}

function parseObject(json: Uint8Array, file: string): Record<string, unknown> {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder("utf-8", { fatal: true }).decode(json));
  } catch (cause) {
    throw damaged(file, "has a header that is not JSON", "a JSON object", "other bytes", cause);
  }
  if (!isObject(value)) throw damaged(file, "has a header of the wrong form", "a JSON object", typeof value);
  return value;
}

function readEntry(name: string, value: unknown, dataStart: number, file: string): HeaderEntry {
  const fault = (expected: string, received: unknown) =>
    damaged(file, `describes tensor "${name}" wrongly`, expected, JSON.stringify(received) ?? "nothing");
  if (!isObject(value)) throw fault("an object", value);
  const { dtype, shape, data_offsets: offsets } = value;
  if (typeof dtype !== "string" || !isStoredType(dtype)) {
    throw new PatchbayError("unsupported-model", `${file}: tensor "${name}" has a type that cannot be read.`, {
      expected: `one of ${Object.keys(BYTES_PER_ELEMENT).join(", ")}`,
      received: JSON.stringify(dtype) ?? "nothing",
    });
  }
  if (!isCounts(shape)) throw fault("a shape of whole numbers", shape);
  if (!isCounts(offsets) || offsets.length !== 2) throw fault("two byte offsets", offsets);
  const [begin = 0, end = 0] = offsets;
  const length = sizeOfShape(shape) * BYTES_PER_ELEMENT[dtype];
  if (end - begin !== length) throw fault(`${length} bytes for shape ${shape.join("×")} of ${dtype}`, offsets);
  return { name, type: dtype, shape, offset: dataStart + begin, length };
}

function checkRanges(entries: readonly HeaderEntry[], fileBytes: number, file: string): void {
  let previous: HeaderEntry | undefined;
  for (const entry of [...entries].sort((a, b) => a.offset - b.offset || a.length - b.length)) {
    const end = entry.offset + entry.length;
    if (end > fileBytes) {
      throw damaged(file, `ends before tensor "${entry.name}" does`, `at least ${end} bytes`, `${fileBytes} bytes`);
    }
    if (previous !== undefined && previous.offset + previous.length > entry.offset) {
      throw damaged(
        file,
        `has tensors "${previous.name}" and "${entry.name}" in the same bytes`,
        "separate ranges",
        "an overlap",
      );
    }
    previous = entry;
  }
}

function readMetadata(value: unknown, file: string): Record<string, string> {
  if (isObject(value) && Object.values(value).every((text) => typeof text === "string")) {
    return value as Record<string, string>;
  }
  throw damaged(file, "has metadata of the wrong form", "an object of strings", JSON.stringify(value) ?? "nothing");
}

function damaged(file: string, fault: string, expected: string, received: string, cause?: unknown): PatchbayError {
  return new PatchbayError("damaged-file", `${file} ${fault}.`, {
    expected,
    received,
    advice: "Copy or download the file again.",
    cause,
  });
}

function isStoredType(type: string): type is StoredType {
  return Object.hasOwn(BYTES_PER_ELEMENT, type);
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

function isCounts(value: unknown): value is number[] {
  return Array.isArray(value) && value.every((count) => Number.isSafeInteger(count) && count >= 0);
}
