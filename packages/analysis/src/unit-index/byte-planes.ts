/**
 * Tables of small whole numbers [unit × slot] as byte planes: all lowest bytes, then all second ones, each slot by slot. Like
 * stands beside like, so that a general compressor finds what is predictable.
 */

/** @param bytes How many planes; numbers are below 256^bytes. */
export function toPlanes(numbers: ArrayLike<number>, slots: number, bytes: number): Uint8Array {
  const units = slots === 0 ? 0 : numbers.length / slots;
  const planes = new Uint8Array(numbers.length * bytes);
  let at = 0;
  for (let byte = 0; byte < bytes; byte++) {
    for (let slot = 0; slot < slots; slot++) {
      for (let unit = 0; unit < units; unit++) planes[at++] = (numbers[unit * slots + slot] ?? 0) >>> (8 * byte);
    }
  }
  return planes;
}

export function fromPlanes(planes: Uint8Array, slots: number, bytes: number): Uint32Array {
  const length = planes.length / bytes;
  const units = slots === 0 ? 0 : length / slots;
  const numbers = new Uint32Array(length);
  let at = 0;
  for (let byte = 0; byte < bytes; byte++) {
    for (let slot = 0; slot < slots; slot++) {
      for (let unit = 0; unit < units; unit++) {
        const i = unit * slots + slot;
        numbers[i] = (numbers[i] ?? 0) | ((planes[at++] ?? 0) << (8 * byte));
      }
    }
  }
  return numbers;
}

/** The bits of floats. */
export function floatsToPlanes(values: Float32Array): Uint8Array {
  return toPlanes(new Uint32Array(values.buffer, values.byteOffset, values.length), 1, 4);
}

export function floatsFromPlanes(planes: Uint8Array): Float32Array {
  return new Float32Array(fromPlanes(planes, 1, 4).buffer);
}
