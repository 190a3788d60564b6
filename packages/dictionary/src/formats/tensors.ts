/** Tensors of a dictionary's files: taken by name with the shape that they must have, transposed, scaled. */
import { readRange, type TensorSource } from "@patchbay/transformer";
import { PatchbayError, sizeOfShape, type Tensor, tensor } from "@patchbay/vocabulary";
import { MAXIMUM_ELEMENTS } from "./limits.ts";

/** Axis names and lengths of a tensor, in order: `{ feature: 24, input: 8 }`. */
export type NamedShape = Readonly<Record<string, number>>;

/**
 * Reads a tensor, widened to float32.
 * @throws PatchbayError `values-do-not-fit` for another shape, `damaged-file` where it is absent, `not-finite`
 */
export async function takeTensor(source: TensorSource, name: string, shape: NamedShape): Promise<Tensor> {
  const stored = source.describe(name);
  checkShape(stored.file, name, stored.shape, shape);
  const { data } = await source.read(name);
  return checkFinite(tensor(Object.keys(shape), Object.values(shape), data), name, stored.file);
}

/** @throws PatchbayError `values-do-not-fit` */
export function checkShape(file: string, name: string, shape: readonly number[], expected: NamedShape): void {
  const lengths = Object.values(expected);
  if (shape.length === lengths.length && lengths.every((length, axis) => length === shape[axis])) return;
  throw new PatchbayError("values-do-not-fit", `${file}: the tensor "${name}" does not fit the other tensors.`, {
    expected: `shape ${describeShape(lengths)} (${Object.keys(expected).join(", ")})`,
    received: describeShape(shape),
    advice: "The configuration and the weights must come from the same dictionary.",
  });
}

/** @throws PatchbayError `values-do-not-fit` */
export function matrixShape(source: TensorSource, name: string): readonly [rows: number, columns: number] {
  const { shape, file } = source.describe(name);
  const [rows, columns] = shape;
  if (shape.length === 2 && rows !== undefined && columns !== undefined && rows > 0 && columns > 0)
    return [rows, columns];
  throw new PatchbayError("values-do-not-fit", `${file}: the tensor "${name}" is not a matrix.`, {
    expected: "two axes, neither empty",
    received: describeShape(shape),
  });
}

/** @throws PatchbayError `damaged-file` for tensors that would change the arithmetic in a way that nobody told us. */
export function refuseOtherTensors(source: TensorSource, known: readonly string[], file: string): void {
  const other = source.names.filter((name) => !known.includes(name));
  if (other.length === 0) return;
  throw new PatchbayError("unsupported-model", `${file} holds tensors that this kind of dictionary does not have.`, {
    expected: `only ${known.join(", ")}`,
    received: other.slice(0, 5).join(", "),
    advice: "Check that the configuration names the right architecture.",
  });
}

/** @throws PatchbayError `not-finite` */
export function checkFinite(subject: Tensor, name: string, file: string): Tensor {
  const { data } = subject;
  let sum = 0;
  // A sum is finite only if all are (zero times anything finite is zero): one pass without a branch.
  for (let i = 0; i < data.length; i++) sum += 0 * (data[i] ?? 0);
  if (sum === 0) return subject;
  const at = data.findIndex((value) => !Number.isFinite(value));
  throw new PatchbayError("not-finite", `${file}: the tensor "${name}" holds values that are not numbers.`, {
    expected: "finite values",
    received: `${data[at]} at element ${at}`,
    advice: "The dictionary's training has diverged, or the file is damaged. Use another one.",
  });
}

/** [a, b] to [b, a], in square blocks so that both sides stay in the processor's cache. */
export function transpose(subject: Tensor): Tensor {
  const [rows = 0, columns = 0] = subject.shape;
  const { data } = subject;
  const turned = new Float32Array(data.length);
  const block = 32;
  for (let r0 = 0; r0 < rows; r0 += block) {
    for (let c0 = 0; c0 < columns; c0 += block) {
      const rowEnd = Math.min(rows, r0 + block);
      const columnEnd = Math.min(columns, c0 + block);
      for (let r = r0; r < rowEnd; r++) {
        for (let c = c0; c < columnEnd; c++) turned[c * rows + r] = data[r * columns + c] ?? 0;
      }
    }
  }
  return tensor([...subject.axes].reverse(), [columns, rows], turned);
}

/** Every element times a factor, rounded once. */
export function scaled(subject: Tensor, factor: number): Tensor {
  return { ...subject, data: subject.data.map((value) => value * factor) };
}

/** Each row (the last axes of one index of the first) times its own factor. */
export function scaleRows(subject: Tensor, factors: Float32Array): Tensor {
  const rows = subject.shape[0] ?? 0;
  const width = rows === 0 ? 0 : subject.data.length / rows;
  return { ...subject, data: subject.data.map((value, i) => value * (factors[Math.floor(i / width)] ?? 1)) };
}

export function filled(axis: string, length: number, value: number): Tensor {
  return tensor([axis], [length], new Float32Array(length).fill(value));
}

/** Euclidean norm of each row, in float64. */
export function rowNorms(subject: Tensor): Float64Array {
  const rows = subject.shape[0] ?? 0;
  const width = rows === 0 ? 0 : subject.data.length / rows;
  return Float64Array.from({ length: rows }, (_, row) => {
    let sum = 0;
    for (let i = row * width; i < (row + 1) * width; i++) sum += (subject.data[i] ?? 0) ** 2;
    return Math.sqrt(sum);
  });
}

/** A single whole number, stored as a scalar of any integer type. @throws PatchbayError `damaged-file` */
export async function takeCount(source: TensorSource, name: string): Promise<number> {
  const { shape, type, file, offset, length } = source.describe(name);
  const bytes = await readRange({ file, offset, length });
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  if (sizeOfShape(shape) === 1 && bytes.length === length) {
    if (type === "I64") return Number(view.getBigInt64(0, true));
    if (type === "I32") return view.getInt32(0, true);
    if (type === "I16") return view.getInt16(0, true);
  }
  throw new PatchbayError("damaged-file", `${file}: the tensor "${name}" is not a whole number.`, {
    expected: "one integer",
    received: `${type} of shape ${describeShape(shape)}`,
  });
}

/** @throws PatchbayError `unsupported-model` */
export function checkElements(elements: number, what: string): void {
  if (elements <= MAXIMUM_ELEMENTS) return;
  throw new PatchbayError("unsupported-model", `${what} is larger than Patchbay can hold.`, {
    expected: `at most ${MAXIMUM_ELEMENTS} elements in one tensor`,
    received: `${elements}`,
  });
}

export function describeShape(shape: readonly number[]): string {
  return shape.length === 0 ? "a scalar" : shape.join(" × ");
}
