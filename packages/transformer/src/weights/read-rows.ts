/** Some rows of a stored matrix, read from the file by their byte ranges. */
import { sizeOfShape, type Tensor, tensor } from "@patchbay/vocabulary";
import { readRange } from "./file-range.ts";
import type { TensorSource } from "./tensor-source.ts";
import { widenToFloat32 } from "./widen.ts";

/** [row, …rest of the stored shape], widened to float32. */
export async function readRows(source: TensorSource, name: string, rows: readonly number[]): Promise<Tensor> {
  const { type, shape, file, offset, length } = source.describe(name);
  const rest = shape.slice(1);
  const width = sizeOfShape(rest);
  const rowBytes = length / (shape[0] ?? 1);
  const data = new Float32Array(rows.length * width);
  for (const [i, row] of rows.entries()) {
    const bytes = await readRange({ file, offset: offset + row * rowBytes, length: rowBytes });
    data.set(widenToFloat32(type, bytes, name), i * width);
  }
  return tensor(["row", ...rest.map((_, axis) => `axis${axis + 1}`)], [rows.length, ...rest], data);
}
