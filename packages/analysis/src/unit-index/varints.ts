/** Unsigned 32-bit numbers in one to five bytes each: seven bits a byte, the lowest first (LEB128). */
import { PatchbayError } from "@patchbay/vocabulary";

export function encodeVarints(numbers: Uint32Array): Uint8Array {
  const bytes = new Uint8Array(numbers.length * 5);
  let at = 0;
  for (let i = 0; i < numbers.length; i++) {
    let rest = numbers[i] ?? 0;
    while (rest > 0x7f) {
      bytes[at++] = (rest & 0x7f) | 0x80;
      rest >>>= 7;
    }
    bytes[at++] = rest;
  }
  return bytes.slice(0, at);
}

/** @throws PatchbayError `damaged-file` where there are more or fewer than `count` */
export function decodeVarints(bytes: Uint8Array, count: number): Uint32Array {
  const numbers = new Uint32Array(count);
  let at = 0;
  for (let i = 0; i < count; i++) {
    let shift = 0;
    let byte: number;
    do {
      if (at >= bytes.length || shift > 28) throw damaged();
      byte = bytes[at++] ?? 0;
      numbers[i] = (numbers[i] ?? 0) | ((byte & 0x7f) << shift);
      shift += 7;
    } while (byte > 0x7f);
  }
  if (at !== bytes.length) throw damaged();
  return numbers;
}

function damaged(): PatchbayError {
  return new PatchbayError("damaged-file", "A list of counts in the unit index is damaged.");
}
