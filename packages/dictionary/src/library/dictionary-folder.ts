/** A dictionary's folder: dictionary.json and model.safetensors. Written whole, opened without reading the numbers. */
import { mkdir, open } from "node:fs/promises";
import { join } from "node:path";
import {
  openTensorFile,
  type StoredType,
  type TensorSource,
  type TensorToWrite,
  writeSafetensors,
} from "@patchbay/transformer";
import { ensureDefined, PatchbayError, type Tensor } from "@patchbay/vocabulary";
import {
  DICTIONARY_TENSORS,
  type Dictionary,
  type DictionarySpec,
  type DictionaryTensorName,
  type DictionaryWeights,
} from "../dictionary.ts";
import { checkDictionary, checkTensorShapes, expectedTensors } from "../formats/check-dictionary.ts";
import { PATCHBAY_WEIGHTS } from "../formats/import-patchbay.ts";
import { formatSpec, readSpec, SPEC_FILE } from "../formats/spec-json.ts";
import { refuseOtherTensors, takeTensor } from "../formats/tensors.ts";
import { hashDictionary } from "./dictionary-hash.ts";
import { narrowToFloat16 } from "./float16.ts";

export interface EncodeOptions {
  /** Of the matrices; vectors (biases, thresholds, densities) stay float32, which costs nothing. */
  readonly dtype?: "F32" | "F16";
}

export interface EncodedDictionary {
  /** Contents of dictionary.json. */
  readonly specification: string;
  /** Tensors of model.safetensors, in order. */
  readonly tensors: readonly TensorToWrite[];
}

/** @throws PatchbayError `values-do-not-fit` where a value does not fit into float16 */
export function encodeDictionary(
  { spec, tensors }: DictionaryWeights,
  { dtype = "F32" }: EncodeOptions = {},
): EncodedDictionary {
  const present = Object.values(DICTIONARY_TENSORS).flatMap((name) => {
    const value = tensors[name];
    return value === undefined ? [] : [encodeTensor(name, value, value.shape.length > 1 ? dtype : "F32")];
  });
  // Four-byte elements first: every tensor then starts at a multiple of its element's width.
  const ordered = [...present].sort((a, b) => Number(a.type === "F16") - Number(b.type === "F16"));
  return { specification: formatSpec(spec), tensors: ordered };
}

function encodeTensor(name: string, { shape, data }: Tensor, type: "F32" | "F16"): TensorToWrite {
  const stored = type === "F16" ? narrowToFloat16(data, name) : data;
  const bytes = new Uint8Array(stored.buffer, stored.byteOffset, stored.byteLength);
  return { name, type, shape, length: bytes.length, read: () => [bytes] };
}

/**
 * Writes into a new folder and flushes everything to disk.
 * @throws PatchbayError as `checkDictionary` and `encodeDictionary`
 */
export async function writeDictionaryFolder(
  folder: string,
  weights: DictionaryWeights,
  options: EncodeOptions & { readonly signal?: AbortSignal } = {},
): Promise<void> {
  checkDictionary(weights, `The dictionary "${weights.spec.name}"`);
  const { specification, tensors } = encodeDictionary(weights, options);
  await mkdir(folder);
  const axes = Object.fromEntries(Object.entries(weights.tensors).map(([name, value]) => [name, value.axes]));
  const { signal } = options;
  await writeSafetensors(
    join(folder, PATCHBAY_WEIGHTS),
    tensors,
    { axes: JSON.stringify(axes) },
    signal === undefined ? {} : { signal },
  );
  const handle = await open(join(folder, SPEC_FILE), "wx");
  try {
    await handle.writeFile(specification);
    await handle.sync();
  } finally {
    await handle.close();
  }
  await syncFolder(folder);
}

/** Makes the names in a folder durable; a folder cannot be opened for that on Windows, where renaming does it. */
export async function syncFolder(folder: string): Promise<void> {
  const handle = await open(folder, "r").catch(() => undefined);
  try {
    await handle?.sync();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    if (code !== "EPERM" && code !== "EINVAL") throw error;
  } finally {
    await handle?.close();
  }
}

export interface OpenOptions {
  readonly bundled?: boolean;
  /** Where the hash is kept between starts; in the folder unless given. */
  readonly cacheFile?: string;
  readonly signal?: AbortSignal;
}

/** @throws PatchbayError `file-not-found`, `damaged-file`, `unsupported-model`, `values-do-not-fit`, `unknown-site` */
export async function openDictionary(folder: string, options: OpenOptions = {}): Promise<Dictionary> {
  const spec = await readSpec(join(folder, SPEC_FILE));
  const file = join(folder, PATCHBAY_WEIGHTS);
  const source = await openTensorFile(file);
  refuseOtherTensors(source, Object.values(DICTIONARY_TENSORS), file);
  checkTensorShapes(spec, (name) => (source.has(name) ? source.describe(name).shape : undefined), file);
  refuseIntegers(source);
  return {
    spec,
    hash: await hashDictionary(spec, source, file, options),
    folder,
    bundled: options.bundled ?? false,
    has: (name) => source.has(name),
    describe: (name) => source.describe(name),
    read: (name) => takeTensor(source, name, shapeOf(spec, name)),
  };
}

function shapeOf(spec: DictionarySpec, name: DictionaryTensorName) {
  if (name === DICTIONARY_TENSORS.density) return { feature: spec.features };
  return ensureDefined(expectedTensors(spec)[name], `a tensor "${name}" of "${spec.name}"`);
}

const FLOATS: readonly StoredType[] = ["F32", "F16", "BF16", "F64"];

function refuseIntegers(source: TensorSource): void {
  for (const name of source.names) {
    const { type, file } = source.describe(name);
    if (FLOATS.includes(type)) continue;
    throw new PatchbayError(
      "unsupported-model",
      `${file}: the tensor "${name}" has a type that cannot be computed with.`,
      {
        expected: FLOATS.join(", "),
        received: type,
      },
    );
  }
}
