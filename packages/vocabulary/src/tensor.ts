/** Dense tensors with named axes, row-major. The only shape language of the engine: never "dimension 2". */
import { invariant, PatchbayError } from "./errors.ts";

export type TensorData = Float32Array | Float64Array | Int32Array | BigInt64Array | Uint8Array;

export interface Tensor<Data extends TensorData = Float32Array> {
  readonly axes: readonly string[];
  readonly shape: readonly number[];
  readonly data: Data;
}

export function tensor<Data extends TensorData>(
  axes: readonly string[],
  shape: readonly number[],
  data: Data,
): Tensor<Data> {
  invariant(axes.length === shape.length, `axes ${axes.join(",")} do not fit shape ${shape.join("×")}`);
  invariant(data.length === sizeOfShape(shape), `shape ${shape.join("×")} does not hold ${data.length} values`);
  return { axes, shape, data };
}

export function sizeOfShape(shape: readonly number[]): number {
  return shape.reduce((product, length) => product * length, 1);
}

export function axisIndex(subject: Tensor<TensorData>, axis: string): number {
  const index = subject.axes.indexOf(axis);
  if (index < 0) {
    throw new PatchbayError("values-do-not-fit", `The tensor has no axis "${axis}".`, {
      expected: `one of ${subject.axes.join(", ")}`,
    });
  }
  return index;
}

export function axisLength(subject: Tensor<TensorData>, axis: string): number {
  return subject.shape[axisIndex(subject, axis)] ?? 0;
}

/** Keeps the given indices of one axis, in the given order. Copies. */
export function selectAlong(subject: Tensor, axis: string, indices: readonly number[]): Tensor {
  const dimension = axisIndex(subject, axis);
  const length = subject.shape[dimension] ?? 0;
  const inner = sizeOfShape(subject.shape.slice(dimension + 1));
  const outer = sizeOfShape(subject.shape.slice(0, dimension));
  const data = new Float32Array(outer * indices.length * inner);
  for (let o = 0; o < outer; o++) {
    indices.forEach((index, i) => {
      const from = (o * length + index) * inner;
      data.set(subject.data.subarray(from, from + inner), (o * indices.length + i) * inner);
    });
  }
  const shape = subject.shape.map((size, d) => (d === dimension ? indices.length : size));
  return { axes: subject.axes, shape, data };
}

/** Joins tensors that agree in every other axis. */
export function concatenateAlong(parts: readonly Tensor[], axis: string): Tensor {
  const first = parts[0];
  invariant(first !== undefined, "nothing to concatenate");
  if (parts.length === 1) return first;
  const dimension = axisIndex(first, axis);
  const inner = sizeOfShape(first.shape.slice(dimension + 1));
  const outer = sizeOfShape(first.shape.slice(0, dimension));
  const total = parts.reduce((sum, part) => sum + (part.shape[dimension] ?? 0), 0);
  const data = new Float32Array(outer * total * inner);
  let offset = 0;
  for (const part of parts) {
    const width = (part.shape[dimension] ?? 0) * inner;
    for (let o = 0; o < outer; o++) {
      data.set(part.data.subarray(o * width, (o + 1) * width), o * total * inner + offset);
    }
    offset += width;
  }
  return { axes: first.axes, shape: first.shape.map((size, d) => (d === dimension ? total : size)), data };
}
