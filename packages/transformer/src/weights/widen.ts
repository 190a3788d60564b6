/** Stored floating-point bytes (little-endian) to float32. */
import { PatchbayError } from "@patchbay/vocabulary";
import type { StoredType } from "./tensor-source.ts";

/** @throws PatchbayError `unsupported-model` for types that are not floating point. */
export function widenToFloat32(type: StoredType, bytes: Uint8Array, name: string): Float32Array {
  switch (type) {
    case "F32":
      return new Float32Array(aligned(bytes, 4));
    case "F64":
      return Float32Array.from(new Float64Array(aligned(bytes, 8)));
    case "BF16":
      return widenBfloat16(new Uint16Array(aligned(bytes, 2)));
    case "F16":
      return widenFloat16(new Uint16Array(aligned(bytes, 2)));
    default:
      throw new PatchbayError("unsupported-model", `The weight "${name}" has a type that cannot be computed with.`, {
        expected: "F32, F16, BF16, F64",
        received: type,
      });
  }
}

/** The bytes as a buffer that a typed array of `width`-byte elements accepts; copies only where it must. */
export function aligned(bytes: Uint8Array, width: number): ArrayBuffer {
  const whole =
    bytes.byteOffset === 0 && bytes.byteLength === bytes.buffer.byteLength && bytes.byteLength % width === 0;
  // Not slice(): a Buffer's slice is a view.
  return whole && bytes.buffer instanceof ArrayBuffer ? bytes.buffer : new Uint8Array(bytes).buffer;
}

function widenBfloat16(halves: Uint16Array): Float32Array {
  const bits = new Uint32Array(halves.length);
  for (let i = 0; i < halves.length; i++) bits[i] = (halves[i] ?? 0) << 16;
  return new Float32Array(bits.buffer);
}

let float16Values: Float32Array | undefined;

/** All 65,536 half-precision values as a table: one look-up an element. */
function widenFloat16(halves: Uint16Array): Float32Array {
  float16Values ??= Float32Array.from({ length: 65_536 }, (_, bits) => float16Value(bits));
  const values = new Float32Array(halves.length);
  for (let i = 0; i < halves.length; i++) values[i] = float16Values[halves[i] ?? 0] ?? 0;
  return values;
}

function float16Value(bits: number): number {
  const sign = bits & 0x8000 ? -1 : 1;
  const exponent = (bits >> 10) & 0x1f;
  const fraction = bits & 0x3ff;
  if (exponent === 0) return sign * fraction * 2 ** -24;
  if (exponent === 0x1f) return fraction === 0 ? sign * Number.POSITIVE_INFINITY : Number.NaN;
  return sign * (1 + fraction / 1024) * 2 ** (exponent - 15);
}
