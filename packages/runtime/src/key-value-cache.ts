/**
 * Keys and values of positions already computed, layer by layer, time-major: new positions are written behind the old ones
 * and a view of the front is what the next pass reads; nothing is moved.
 */
import type { KeyValueCache, ModelShape } from "@patchbay/transformer";
import { ensureDefined, PatchbayError, type Tensor, tensor } from "@patchbay/vocabulary";

const AXES = ["time", "batch", "key_value_head", "head_dimension"];

export class GrowingCache implements KeyValueCache {
  readonly batch: number;
  readonly #shape: ModelShape;
  readonly #capacity: number;
  readonly #release: () => void;
  readonly #keys: Float32Array[];
  readonly #values: Float32Array[];
  #length = 0;

  /** Room for `capacity` positions is reserved in the budget; memory is taken as it is needed. */
  constructor(shape: ModelShape, batch: number, capacity: number, release: () => void) {
    this.batch = batch;
    this.#capacity = capacity;
    this.#shape = shape;
    this.#release = release;
    this.#keys = Array.from({ length: shape.layers }, () => new Float32Array(0));
    this.#values = Array.from({ length: shape.layers }, () => new Float32Array(0));
  }

  get length(): number {
    return this.#length;
  }

  past(layer: number): { keys: Tensor; values: Tensor } {
    return { keys: this.#view(this.#keys, layer), values: this.#view(this.#values, layer) };
  }

  /** Writes behind `length`; `advance` makes it visible once every layer has written. */
  append(layer: number, keys: Float32Array, values: Float32Array): void {
    this.#write(this.#keys, layer, keys);
    this.#write(this.#values, layer, values);
  }

  advance(positions: number): void {
    this.#length += positions;
  }

  release(): void {
    this.#release();
  }

  get #stride(): number {
    return this.batch * this.#shape.keyValueHeads * this.#shape.headWidth;
  }

  #view(store: readonly Float32Array[], layer: number): Tensor {
    const { keyValueHeads, headWidth } = this.#shape;
    const data = ensureDefined(store[layer]).subarray(0, this.#length * this.#stride);
    return tensor(AXES, [this.#length, this.batch, keyValueHeads, headWidth], data);
  }

  #write(store: Float32Array[], layer: number, added: Float32Array): void {
    const start = this.#length * this.#stride;
    let buffer = ensureDefined(store[layer]);
    if (start + added.length > buffer.length) {
      if (start + added.length > this.#capacity * this.#stride) {
        throw new PatchbayError("context-exceeded", "The sequence is longer than its cache.", {
          expected: `at most ${this.#capacity} positions`,
        });
      }
      const wanted = Math.max(start + added.length, Math.min(2 * buffer.length, this.#capacity * this.#stride));
      const larger = new Float32Array(wanted);
      larger.set(buffer);
      store[layer] = larger;
      buffer = larger;
    }
    buffer.set(added, start);
  }
}

export function cacheBytes({ layers, keyValueHeads, headWidth }: ModelShape, batch: number, positions: number): number {
  return 2 * layers * batch * keyValueHeads * headWidth * positions * Float32Array.BYTES_PER_ELEMENT;
}
