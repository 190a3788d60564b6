/** A run of bytes in a file: a whole file, or one file packed inside another. */
import { createHash } from "node:crypto";
import { createReadStream } from "node:fs";
import { open } from "node:fs/promises";

export interface FileRange {
  readonly file: string;
  /** Byte offset of the first byte; 0 unless given. */
  readonly offset?: number;
  /** In bytes; to the end of the file unless given. */
  readonly length?: number;
}

/** Piece size of streamed reads. */
const CHUNK_BYTES = 1 << 22;

/** The range's bytes in order. The pieces are fresh buffers. */
export async function* streamRange({ file, offset = 0, length }: FileRange): AsyncGenerator<Uint8Array> {
  if (length === 0) return;
  const last = length === undefined ? {} : { end: offset + length - 1 };
  const stream = createReadStream(file, { start: offset, ...last, highWaterMark: CHUNK_BYTES });
  for await (const chunk of stream) yield chunk as Uint8Array;
}

/** The range's bytes at once; fewer than `length` where the file ends before. */
export async function readRange({ file, offset = 0, length }: FileRange): Promise<Uint8Array> {
  const handle = await open(file, "r");
  try {
    const wanted = length ?? (await handle.stat()).size - offset;
    const bytes = new Uint8Array(wanted);
    let done = 0;
    while (done < wanted) {
      const { bytesRead } = await handle.read(bytes, done, Math.min(1 << 30, wanted - done), offset + done);
      if (bytesRead === 0) break;
      done += bytesRead;
    }
    return bytes.subarray(0, done);
  } finally {
    await handle.close();
  }
}

/** Bytes in the range: its length, or what the file holds from its offset. */
export async function rangeLength({ file, offset = 0, length }: FileRange): Promise<number> {
  const handle = await open(file, "r");
  try {
    const available = Math.max(0, (await handle.stat()).size - offset);
    return Math.min(length ?? available, available);
  } finally {
    await handle.close();
  }
}

/** Hexadecimal SHA-256 of the range's bytes. */
export async function sha256OfRange(range: FileRange, signal?: AbortSignal): Promise<string> {
  const hash = createHash("sha256");
  for await (const chunk of streamRange(range)) {
    signal?.throwIfAborted();
    hash.update(chunk);
  }
  return hash.digest("hex");
}
