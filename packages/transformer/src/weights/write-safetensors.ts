/** Writes a safetensors file piece by piece, so that a model larger than memory can be converted. */
import { randomUUID } from "node:crypto";
import { type FileHandle, open, rename, rm } from "node:fs/promises";
import { invariant } from "@patchbay/vocabulary";
import { encodeHeader, type TensorLayout } from "./safetensors.ts";

export interface TensorToWrite extends TensorLayout {
  /** The bytes in order, `length` in all; called once, when its turn comes. */
  read(): AsyncIterable<Uint8Array> | Iterable<Uint8Array>;
}

export interface WriteOptions {
  readonly signal?: AbortSignal;
  /** Bytes of the file written so far and in all. */
  readonly progress?: (written: number, total: number) => void;
}

/** Atomic: the file appears under its name complete, or not at all. */
export async function writeSafetensors(
  file: string,
  tensors: readonly TensorToWrite[],
  metadata: Readonly<Record<string, string>>,
  options: WriteOptions = {},
): Promise<void> {
  const temporary = `${file}.${randomUUID()}.partial`;
  try {
    const handle = await open(temporary, "wx");
    try {
      await writeAll(handle, tensors, metadata, options);
      await handle.sync();
    } finally {
      await handle.close();
    }
    await rename(temporary, file);
  } finally {
    await rm(temporary, { force: true });
  }
}

async function writeAll(
  handle: FileHandle,
  tensors: readonly TensorToWrite[],
  metadata: Readonly<Record<string, string>>,
  { signal, progress }: WriteOptions,
): Promise<void> {
  const header = encodeHeader(tensors, metadata);
  const total = tensors.reduce((sum, { length }) => sum + length, header.length);
  await handle.appendFile(header);
  let written = header.length;
  for (const { name, length, read } of tensors) {
    const end = written + length;
    for await (const bytes of read()) {
      signal?.throwIfAborted();
      await handle.appendFile(bytes);
      written += bytes.length;
      progress?.(written, total);
    }
    invariant(written === end, `tensor "${name}" gave other than ${length} bytes`);
  }
}
