/** float32 to IEEE 754 half precision, rounded to nearest, ties to even. */
import { PatchbayError } from "@patchbay/vocabulary";

/** Magnitudes from here on round to infinity: 65,504 is the largest half, 65,520 the middle to what would follow. */
const OVERFLOW_BITS = 0x477ff000;
/** 2⁻¹⁴: below lie the subnormal halves, multiples of 2⁻²⁴. */
const SMALLEST_NORMAL_BITS = 0x38800000;
/** Difference of the exponents' biases, 127 − 15, in its place in a float32. */
const REBIAS = 112 << 23;

/** @throws PatchbayError `values-do-not-fit` for values beyond ±65,504, infinities and NaN */
export function narrowToFloat16(values: Float32Array, name: string): Uint16Array<ArrayBuffer> {
  const bits = new Uint32Array(values.buffer, values.byteOffset, values.length);
  const halves = new Uint16Array(values.length);
  for (let i = 0; i < bits.length; i++) {
    const pattern = bits[i] ?? 0;
    const magnitude = pattern & 0x7fffffff;
    if (magnitude >= OVERFLOW_BITS) throw outOfRange(name, values[i] ?? 0);
    const half = magnitude < SMALLEST_NORMAL_BITS ? subnormal(values[i] ?? 0) : normal(magnitude - REBIAS);
    halves[i] = ((pattern >>> 16) & 0x8000) | half;
  }
  return halves;
}

/** Drops 13 bits; adding just less than half of them, and one more where the result would be odd, rounds to even. */
function normal(bits: number): number {
  return (bits + 0xfff + ((bits >>> 13) & 1)) >>> 13;
}

/** Scaling by 2²⁴ is exact in float64, so one rounding decides. */
function subnormal(value: number): number {
  const scaled = Math.abs(value) * 2 ** 24;
  const below = Math.floor(scaled);
  const rest = scaled - below;
  return rest > 0.5 || (rest === 0.5 && below % 2 === 1) ? below + 1 : below;
}

function outOfRange(name: string, value: number): PatchbayError {
  return new PatchbayError("values-do-not-fit", `The tensor "${name}" does not fit into float16.`, {
    expected: "magnitudes up to 65504",
    received: `${value}`,
    advice: "Store the dictionary in float32.",
  });
}
