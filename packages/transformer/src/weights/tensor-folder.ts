/** Opens the tensors of a Hugging Face folder: one model.safetensors, or shards under model.safetensors.index.json. */
import { open, readFile, realpath } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { editDistance, ensureDefined, PatchbayError, type Tensor, tensor } from "@patchbay/vocabulary";
import { readRange } from "./file-range.ts";
import { numberedAxes } from "./safetensors.ts";
import { headerLength, parseHeader } from "./safetensors-header.ts";
import type { StoredTensor, TensorSource } from "./tensor-source.ts";
import { widenToFloat32 } from "./widen.ts";

export const SINGLE_FILE = "model.safetensors";
export const INDEX_FILE = "model.safetensors.index.json";

/** @throws PatchbayError `file-not-found` without weights, `damaged-file` where files contradict each other. */
export async function openTensorFolder(folder: string): Promise<TensorSource> {
  const tensors = new Map<string, StoredTensor>();
  const index = await readIndex(folder);
  for (const file of index?.files ?? [SINGLE_FILE]) {
    for (const stored of await readStoredTensors(folder, file, index !== undefined)) tensors.set(stored.name, stored);
  }
  const missing = index?.names.find((name) => !tensors.has(name));
  if (missing !== undefined) {
    throw new PatchbayError("damaged-file", `${join(folder, INDEX_FILE)} names a tensor that no file holds.`, {
      expected: `"${missing}" in one of ${index?.files.join(", ")}`,
      received: "nothing",
      advice: "Download the model's files again; the index and its shards come from different versions.",
    });
  }
  return sourceOf(folder, tensors);
}

/** Opens one safetensors file, whatever its name. @throws PatchbayError `file-not-found`, `damaged-file` */
export async function openTensorFile(file: string): Promise<TensorSource> {
  const stored = await readStoredTensors(dirname(file), basename(file), false);
  return sourceOf(file, new Map(stored.map((tensor) => [tensor.name, tensor])));
}

/** File names of a folder's weights, in the order of the index. */
export async function weightFiles(folder: string): Promise<readonly string[]> {
  return (await readIndex(folder))?.files ?? [SINGLE_FILE];
}

function sourceOf(folder: string, tensors: ReadonlyMap<string, StoredTensor>): TensorSource {
  const describe = (name: string) => {
    const stored = tensors.get(name);
    if (stored === undefined) throw unknownTensor(folder, name, [...tensors.keys()]);
    return stored;
  };
  return {
    names: [...tensors.keys()],
    has: (name) => tensors.has(name),
    describe,
    read: (name) => readTensor(describe(name)),
  };
}

async function readTensor({ name, type, shape, file, offset, length }: StoredTensor): Promise<Tensor> {
  const bytes = await readRange({ file, offset, length });
  if (bytes.length < length) throw changedFile(file, name);
  return tensor(numberedAxes(shape), shape, widenToFloat32(type, bytes, name));
}

async function readStoredTensors(folder: string, name: string, indexed: boolean): Promise<StoredTensor[]> {
  const file = await realpath(join(folder, name)).catch((cause: unknown) => {
    throw missingFile(folder, name, indexed, cause);
  });
  const handle = await open(file, "r");
  try {
    const { size } = await handle.stat();
    const prefix = await handle.read(new Uint8Array(8), 0, 8, 0);
    const jsonBytes = headerLength(prefix.buffer.subarray(0, prefix.bytesRead), size, file);
    const json = new Uint8Array(jsonBytes);
    await handle.read(json, 0, jsonBytes, 8);
    return parseHeader(json, size, file).entries.map((entry) => ({ ...entry, file }));
  } finally {
    await handle.close();
  }
}

interface ShardIndex {
  readonly files: readonly string[];
  readonly names: readonly string[];
}

/** The index, or undefined where the folder has a single file (which wins where both are there) or no weights at all. */
async function readIndex(folder: string): Promise<ShardIndex | undefined> {
  const path = join(folder, INDEX_FILE);
  if (await exists(join(folder, SINGLE_FILE))) return undefined;
  if (!(await exists(path))) return undefined;
  const map = parseWeightMap(await readFile(path, "utf8"));
  if (map === undefined) {
    throw new PatchbayError("damaged-file", `${path} is not a safetensors index.`, {
      expected: 'an object with "weight_map": {tensor: file}',
      advice: "Download the file again.",
    });
  }
  return { files: [...new Set(map.map(([, file]) => file))].sort(), names: map.map(([name]) => name) };
}

function parseWeightMap(text: string): [string, string][] | undefined {
  try {
    const { weight_map: map } = JSON.parse(text) as { weight_map?: Record<string, string> };
    const entries = Object.entries(ensureDefined(map, "weight_map"));
    const plain = entries.every(([, file]) => typeof file === "string" && /^[^/\\]+\.safetensors$/.test(file));
    return plain && entries.length > 0 ? entries : undefined;
  } catch {
    return undefined;
  }
}

async function exists(path: string): Promise<boolean> {
  return realpath(path).then(
    () => true,
    () => false,
  );
}

function missingFile(folder: string, name: string, indexed: boolean, cause: unknown): PatchbayError {
  if (indexed) {
    return new PatchbayError("damaged-file", `${folder} lacks ${name}, which its index names.`, {
      advice: "Download the missing shard; every file named in the index must be there.",
      cause,
    });
  }
  return new PatchbayError("file-not-found", `${folder} holds no weights.`, {
    expected: `${SINGLE_FILE} or ${INDEX_FILE}`,
    advice: "Only safetensors are read; convert other formats with the model's own tools first.",
    cause,
  });
}

function changedFile(file: string, name: string): PatchbayError {
  return new PatchbayError("damaged-file", `${file} ended inside tensor "${name}".`, {
    advice: "The file was changed while in use. Restart, and copy it again if this persists.",
  });
}

function unknownTensor(folder: string, name: string, names: readonly string[]): PatchbayError {
  const nearest = [...names].sort((a, b) => editDistance(a, name) - editDistance(b, name)).slice(0, 3);
  return new PatchbayError("damaged-file", `${folder} has no tensor "${name}".`, {
    expected: `the tensor among the folder's ${names.length}; the nearest are ${nearest.join(", ") || "none"}`,
    received: "a folder without it",
    advice: "Check that config.json and the weights belong together.",
  });
}
