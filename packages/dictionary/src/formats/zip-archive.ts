/**
 * Entries of a zip archive, read through its central directory. Nothing is ever written to disk; names that would leave a
 * folder are refused all the same, since an honest writer makes none. Format: PKWARE APPNOTE 6.3.
 */
import { type FileHandle, open } from "node:fs/promises";
import { promisify } from "node:util";
import { crc32, inflateRaw } from "node:zlib";
import { PatchbayError } from "@patchbay/vocabulary";
import { damagedFile } from "./read-config.ts";

const inflate = promisify(inflateRaw);

const END_RECORD = 0x06054b50;
const DIRECTORY_ENTRY = 0x02014b50;
const LOCAL_HEADER = 0x04034b50;
/** A zip comment is at most this long, so the end record is in the last 64 KiB and 22 bytes. */
const END_SEARCH_BYTES = 65_557;
const MAXIMUM_ENTRIES = 100;
/** 8 GiB: the largest tensor that we hold, in float32. */
const MAXIMUM_ENTRY_BYTES = 2 ** 33;
/** Deflate cannot reach 1,032; weights reach 1.1. Small files may be all zeros, so only large ones are judged. */
const MAXIMUM_RATIO = 100;
const JUDGED_FROM_BYTES = 1 << 20;

export interface ZipEntry {
  readonly name: string;
  /** Uncompressed. */
  readonly length: number;
  /** @throws PatchbayError `damaged-file` */
  read(): Promise<Uint8Array>;
}

interface DirectoryEntry {
  readonly name: string;
  readonly method: number;
  readonly checksum: number;
  readonly compressed: number;
  readonly length: number;
  readonly offset: number;
}

/** Calls back with the archive's entries while it is open. @throws PatchbayError `damaged-file` */
export async function withZipEntries<Result>(
  file: string,
  use: (entries: readonly ZipEntry[]) => Promise<Result>,
): Promise<Result> {
  const handle = await open(file, "r").catch((cause: unknown) => {
    throw new PatchbayError("file-not-found", `${file} cannot be opened.`, { cause });
  });
  try {
    const { size } = await handle.stat();
    const entries = await readDirectory(handle, size, file);
    return await use(
      entries.map((entry) => ({
        name: entry.name,
        length: entry.length,
        read: () => readEntry(handle, entry, size, file),
      })),
    );
  } finally {
    await handle.close();
  }
}

async function readDirectory(handle: FileHandle, size: number, file: string): Promise<readonly DirectoryEntry[]> {
  const tail = await readAt(handle, Math.max(0, size - END_SEARCH_BYTES), Math.min(size, END_SEARCH_BYTES), file);
  const end = findEnd(tail);
  if (end === undefined) throw damagedFile(file, "is not a complete zip archive", "an end record", "none");
  const count = end.getUint16(10, true);
  const bytes = end.getUint32(12, true);
  const offset = end.getUint32(16, true);
  if (count > MAXIMUM_ENTRIES)
    throw damagedFile(file, "has too many entries", `at most ${MAXIMUM_ENTRIES}`, `${count}`);
  if (offset + bytes > size)
    throw damagedFile(file, "ends before its directory", `${offset + bytes} bytes`, `${size} bytes`);
  const view = viewOf(await readAt(handle, offset, bytes, file));
  const entries: DirectoryEntry[] = [];
  let at = 0;
  for (let index = 0; index < count; index++) {
    if (at + 46 > view.byteLength || view.getUint32(at, true) !== DIRECTORY_ENTRY) throw brokenDirectory(file);
    const [nameBytes, extra, comment] = [28, 30, 32].map((field) => view.getUint16(at + field, true));
    const next = at + 46 + (nameBytes ?? 0) + (extra ?? 0) + (comment ?? 0);
    if (next > view.byteLength) throw brokenDirectory(file);
    entries.push(checkEntry(entryAt(view, at, nameBytes ?? 0), size, file));
    at = next;
  }
  refuseRepeats(entries, file);
  return entries;
}

function entryAt(view: DataView, at: number, nameBytes: number): DirectoryEntry {
  const name = new Uint8Array(view.buffer, view.byteOffset + at + 46, nameBytes);
  return {
    name: new TextDecoder().decode(name),
    // The lowest bit of the flags says that the entry is encrypted: a method that does not exist.
    method: (view.getUint16(at + 8, true) & 1) === 0 ? view.getUint16(at + 10, true) : -1,
    checksum: view.getUint32(at + 16, true),
    compressed: view.getUint32(at + 20, true),
    length: view.getUint32(at + 24, true),
    offset: view.getUint32(at + 42, true),
  };
}

function checkEntry(entry: DirectoryEntry, size: number, file: string): DirectoryEntry {
  const { name, method, compressed, length, offset } = entry;
  const shown = JSON.stringify(name.slice(0, 100));
  if (!/^[\w. -]+$/.test(name) || name.includes("..")) {
    throw damagedFile(file, "names an entry that leaves its folder", "plain file names", shown);
  }
  if (method !== 0 && method !== 8) {
    throw damagedFile(
      file,
      `stores ${shown} in an unknown way`,
      "stored or deflated, not encrypted",
      `method ${method}`,
    );
  }
  if (compressed === 0xffffffff || length === 0xffffffff || length > MAXIMUM_ENTRY_BYTES) {
    throw damagedFile(file, `declares an entry ${shown} that is too large`, "less than 4 GiB", `${length} bytes`);
  }
  if (offset + 30 + compressed > size || (method === 0 && compressed !== length)) {
    throw damagedFile(
      file,
      `ends before its entry ${shown} does`,
      `${offset + 30 + compressed} bytes`,
      `${size} bytes`,
    );
  }
  if (length > JUDGED_FROM_BYTES && length > compressed * MAXIMUM_RATIO) {
    const ratio = Math.round(length / Math.max(1, compressed));
    throw damagedFile(file, `would inflate ${shown} beyond reason`, `at most ${MAXIMUM_RATIO} times`, `${ratio} times`);
  }
  return entry;
}

function refuseRepeats(entries: readonly DirectoryEntry[], file: string): void {
  const names = new Set(entries.map(({ name }) => name));
  if (names.size !== entries.length) throw damagedFile(file, "holds entries of the same name", "each once", "repeats");
}

async function readEntry(handle: FileHandle, entry: DirectoryEntry, size: number, file: string): Promise<Uint8Array> {
  const { name, method, checksum, compressed, length, offset } = entry;
  const header = viewOf(await readAt(handle, offset, 30, file));
  if (header.getUint32(0, true) !== LOCAL_HEADER) throw brokenDirectory(file);
  const start = offset + 30 + header.getUint16(26, true) + header.getUint16(28, true);
  if (start + compressed > size)
    throw damagedFile(file, `ends inside ${name}`, `${start + compressed} bytes`, `${size} bytes`);
  const stored = await readAt(handle, start, compressed, file);
  const bytes = method === 0 ? stored : await inflateAtMost(stored, length, name, file);
  if (bytes.length !== length || crc32(bytes) !== checksum) {
    throw damagedFile(
      file,
      `holds other bytes in ${name} than it declares`,
      `${length} bytes and their checksum`,
      "others",
    );
  }
  return bytes;
}

/** Never more than was declared, whatever the stream says. */
async function inflateAtMost(stored: Uint8Array, length: number, name: string, file: string): Promise<Uint8Array> {
  return inflate(stored, { maxOutputLength: Math.max(1, length) }).catch((cause: unknown) => {
    throw damagedFile(
      file,
      `cannot inflate ${name}`,
      `${length} bytes`,
      "a stream that ends early, late, or not",
      cause,
    );
  });
}

/** The last end record whose comment ends where the file does. */
function findEnd(tail: Uint8Array): DataView | undefined {
  const view = viewOf(tail);
  for (let at = tail.length - 22; at >= 0; at--) {
    if (view.getUint32(at, true) === END_RECORD && at + 22 + view.getUint16(at + 20, true) === tail.length) {
      return new DataView(tail.buffer, tail.byteOffset + at, 22);
    }
  }
  return undefined;
}

async function readAt(handle: FileHandle, offset: number, length: number, file: string): Promise<Uint8Array> {
  const bytes = new Uint8Array(length);
  let done = 0;
  while (done < length) {
    const { bytesRead } = await handle.read(bytes, done, Math.min(1 << 30, length - done), offset + done);
    if (bytesRead === 0) throw damagedFile(file, "ends early", `${offset + length} bytes`, `${offset + done} bytes`);
    done += bytesRead;
  }
  return bytes;
}

function viewOf(bytes: Uint8Array): DataView {
  return new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

function brokenDirectory(file: string): PatchbayError {
  return damagedFile(file, "has a broken directory", "the entries that it announces", "other bytes");
}
