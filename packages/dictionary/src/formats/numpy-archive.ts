/**
 * NumPy's .npz: a zip of .npy arrays. Only plain little-endian floating-point arrays in C order are read; object arrays are
 * pickles, which can run code, and are refused. Format: numpy.lib.format (NEP 1).
 */
import { widenToFloat32 } from "@patchbay/transformer";
import { sizeOfShape, type Tensor, tensor } from "@patchbay/vocabulary";
import { damagedFile, describeValue } from "./read-config.ts";
import { checkElements, checkFinite, checkShape, type NamedShape } from "./tensors.ts";
import { withZipEntries, type ZipEntry } from "./zip-archive.ts";

const STORED_TYPES = { "<f2": "F16", "<f4": "F32", "<f8": "F64" } as const;

/** Longest header that NumPy itself reads without being told to. */
const MAXIMUM_HEADER_BYTES = 10_000;

export interface NumpyArchive {
  readonly file: string;
  readonly names: readonly string[];
  has(name: string): boolean;
  shapeOf(name: string): readonly number[];
  /** @throws PatchbayError `values-do-not-fit`, `not-finite`, `damaged-file` */
  take(name: string, shape: NamedShape): Tensor;
}

/** Whole in memory. @throws PatchbayError `damaged-file`, `file-not-found` */
export async function readNumpyArchive(file: string): Promise<NumpyArchive> {
  return withZipEntries(file, async (entries) => {
    refusePickledEntries(entries, file);
    const arrays = new Map<string, Tensor>();
    for (const entry of entries) {
      arrays.set(entry.name.replace(/\.npy$/, ""), parseNumpyArray(await entry.read(), `${file}, ${entry.name}`));
    }
    const find = (name: string): Tensor => {
      const array = arrays.get(name);
      if (array === undefined) {
        throw damagedFile(
          file,
          `has no array "${name}"`,
          `"${name}"`,
          [...arrays.keys()].slice(0, 10).join(", ") || "none",
        );
      }
      return array;
    };
    return {
      file,
      names: [...arrays.keys()],
      has: (name) => arrays.has(name),
      shapeOf: (name) => find(name).shape,
      take: (name, shape) => {
        const { data, shape: stored } = find(name);
        checkShape(file, name, stored, shape);
        return checkFinite(tensor(Object.keys(shape), Object.values(shape), data), name, file);
      },
    };
  });
}

function refusePickledEntries(entries: readonly ZipEntry[], file: string): void {
  const strange = entries.find(({ name }) => !name.endsWith(".npy"));
  if (strange === undefined) return;
  throw damagedFile(
    file,
    "is not an archive of NumPy arrays",
    "entries that end in .npy",
    JSON.stringify(strange.name),
  );
}

/** One .npy file. @throws PatchbayError `damaged-file` */
export function parseNumpyArray(bytes: Uint8Array, file: string): Tensor {
  const magic = [0x93, 0x4e, 0x55, 0x4d, 0x50, 0x59];
  const version = bytes[6] ?? 0;
  if (bytes.length < 12 || magic.some((byte, i) => bytes[i] !== byte) || version < 1 || version > 3) {
    throw damagedFile(file, "is not a NumPy array", "the mark and version 1 to 3 of .npy", "other bytes");
  }
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const start = version === 1 ? 10 : 12;
  const length = version === 1 ? view.getUint16(8, true) : view.getUint32(8, true);
  if (length > MAXIMUM_HEADER_BYTES || start + length > bytes.length) {
    throw damagedFile(file, "has an impossible header", `at most ${MAXIMUM_HEADER_BYTES} bytes`, `${length} bytes`);
  }
  const { type, shape } = parseHeader(new TextDecoder().decode(bytes.subarray(start, start + length)), file);
  checkElements(sizeOfShape(shape), file);
  const data = bytes.subarray(start + length);
  const wanted = sizeOfShape(shape) * { F16: 2, F32: 4, F64: 8 }[type];
  if (data.length !== wanted)
    throw damagedFile(file, "holds another number of values", `${wanted} bytes`, `${data.length}`);
  return tensor(
    shape.map((_, axis) => `axis${axis}`),
    shape,
    widenToFloat32(type, data, file),
  );
}

/** A Python dictionary literal with three known keys; read by pattern, never evaluated. */
function parseHeader(text: string, file: string): { type: "F16" | "F32" | "F64"; shape: number[] } {
  const descriptor = /'descr':\s*'([^']*)'/.exec(text)?.[1];
  if (descriptor !== undefined && Object.hasOwn(STORED_TYPES, descriptor)) {
    const type = STORED_TYPES[descriptor as keyof typeof STORED_TYPES];
    const order = /'fortran_order':\s*(True|False)/.exec(text)?.[1];
    const shape = /'shape':\s*\(((?:\s*\d{1,12}\s*,?)*)\)/.exec(text)?.[1];
    if (order === "False" && shape !== undefined) {
      return { type, shape: shape.split(",").flatMap((part) => (part.trim() === "" ? [] : [Number(part)])) };
    }
    throw damagedFile(
      file,
      "is stored in an order that is not read",
      "fortran_order False and a plain shape",
      text.trim().slice(0, 120),
    );
  }
  const pickled = descriptor?.includes("O") ?? text.includes("O");
  throw damagedFile(
    file,
    pickled ? "holds Python objects, which can run code and are never loaded" : "has a type that is not read",
    `one of ${Object.keys(STORED_TYPES).join(", ")}`,
    describeValue(descriptor ?? text.trim()),
  );
}
