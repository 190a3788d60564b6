/** Named-axis tensors to safetensors bytes and back, in memory: answers of the API and derived artefacts. */
import { type Tensor, type TensorData, tensor } from "@patchbay/vocabulary";
import { headerLength, parseHeader } from "./safetensors-header.ts";
import type { StoredType } from "./tensor-source.ts";
import { aligned, widenToFloat32 } from "./widen.ts";

/** The data starts at a multiple of this many bytes, so that it can be mapped into memory as it is. */
const DATA_ALIGNMENT = 64;

/** Metadata key that keeps axis names: JSON of {tensor name: axes}. Other readers ignore it. */
const AXES_KEY = "axes";

export interface TensorLayout {
  readonly name: string;
  readonly type: StoredType;
  readonly shape: readonly number[];
  readonly length: number;
}

/** The bytes before the data, padded with spaces to `DATA_ALIGNMENT`; tensors follow in the given order. */
export function encodeHeader(layouts: readonly TensorLayout[], metadata: Readonly<Record<string, string>>): Uint8Array {
  const header: Record<string, unknown> = Object.keys(metadata).length > 0 ? { __metadata__: metadata } : {};
  let begin = 0;
  for (const { name, type, shape, length } of layouts) {
    header[name] = { dtype: type, shape, data_offsets: [begin, begin + length] };
    begin += length;
  }
  const json = new TextEncoder().encode(JSON.stringify(header));
  const total = Math.ceil((8 + json.length) / DATA_ALIGNMENT) * DATA_ALIGNMENT;
  const bytes = new Uint8Array(total).fill(0x20);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(total - 8), true);
  bytes.set(json, 8);
  return bytes;
}

/** Axis names travel in the metadata and come back with `decodeSafetensors`. */
export function encodeSafetensors(
  tensors: Iterable<readonly [string, Tensor<TensorData>]>,
  metadata: Readonly<Record<string, string>> = {},
): Uint8Array {
  // Wide elements first: every tensor then starts at a multiple of its element's width.
  const entries = [...tensors].sort((a, b) => b[1].data.BYTES_PER_ELEMENT - a[1].data.BYTES_PER_ELEMENT);
  const axes = JSON.stringify(Object.fromEntries(entries.map(([name, { axes }]) => [name, axes])));
  const layouts = entries.map(([name, { shape, data }]) => ({
    name,
    type: storedTypeOf(data),
    shape,
    length: data.byteLength,
  }));
  const header = encodeHeader(layouts, { ...metadata, [AXES_KEY]: axes });
  const bytes = new Uint8Array(header.length + layouts.reduce((sum, { length }) => sum + length, 0));
  bytes.set(header);
  let offset = header.length;
  for (const [, { data }] of entries) {
    bytes.set(new Uint8Array(data.buffer, data.byteOffset, data.byteLength), offset);
    offset += data.byteLength;
  }
  return bytes;
}

export interface DecodedSafetensors {
  readonly tensors: Map<string, Tensor<TensorData>>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** F16 and BF16 come back as float32. Axes are those written by `encodeSafetensors`, else axis0, axis1, … */
export function decodeSafetensors(bytes: Uint8Array, file = "The safetensors data"): DecodedSafetensors {
  const jsonBytes = headerLength(bytes.subarray(0, 8), bytes.length, file);
  const { entries, metadata } = parseHeader(bytes.subarray(8, 8 + jsonBytes), bytes.length, file);
  const { [AXES_KEY]: axesText, ...rest } = metadata;
  const named = readAxes(axesText);
  const tensors = new Map<string, Tensor<TensorData>>();
  for (const { name, type, shape, offset, length } of entries) {
    const data = typedData(type, bytes.slice(offset, offset + length), name);
    tensors.set(name, tensor(named.get(name) ?? numberedAxes(shape), shape, data));
  }
  return { tensors, metadata: rest };
}

export function numberedAxes(shape: readonly number[]): string[] {
  return shape.map((_, index) => `axis${index}`);
}

function readAxes(text: string | undefined): Map<string, string[]> {
  return new Map(text === undefined ? [] : Object.entries(JSON.parse(text) as Record<string, string[]>));
}

function storedTypeOf(data: TensorData): StoredType {
  if (data instanceof Float32Array) return "F32";
  if (data instanceof Float64Array) return "F64";
  if (data instanceof Int32Array) return "I32";
  if (data instanceof BigInt64Array) return "I64";
  return "U8";
}

function typedData(type: StoredType, bytes: Uint8Array, name: string): TensorData {
  switch (type) {
    case "F64":
      return new Float64Array(aligned(bytes, 8));
    case "I32":
      return new Int32Array(aligned(bytes, 4));
    case "I64":
      return new BigInt64Array(aligned(bytes, 8));
    case "U8":
    case "BOOL":
      return bytes;
    case "I8":
      return Int32Array.from(new Int8Array(aligned(bytes, 1)));
    case "I16":
      return Int32Array.from(new Int16Array(aligned(bytes, 2)));
    default:
      return widenToFloat32(type, bytes, name);
  }
}
