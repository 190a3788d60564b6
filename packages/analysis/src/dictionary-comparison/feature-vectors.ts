/**
 * A dictionary's features as rows of length 1, such that the product of two rows is the similarity asked for: the cosine of
 * decoders, of encoders, or ("both") the mean of the two cosines, by laying both unit vectors side by side over √2.
 */
import type { ComparisonRequest } from "@patchbay/contract";
import { DICTIONARY_TENSORS, type Dictionary } from "@patchbay/dictionary";
import { PatchbayError, sizeOfShape, type Tensor, tensor } from "@patchbay/vocabulary";
import type { Random } from "../training/random.ts";

export type VectorsCompared = NonNullable<ComparisonRequest["vectors"]>;

/** [feature, value]. A feature whose vector is zero has similarity 0 with everything. */
export async function unitRows(
  dictionary: Dictionary,
  vectors: VectorsCompared,
  features: Int32Array,
): Promise<Tensor> {
  const sides: Tensor[] = [];
  if (vectors !== "encoder") sides.push(await dictionary.read(DICTIONARY_TENSORS.decoder));
  if (vectors !== "decoder") sides.push(await dictionary.read(DICTIONARY_TENSORS.encoder));
  return sideBySide(
    sides.map(({ shape, data }) => ({ width: sizeOfShape(shape.slice(1)), data })),
    features,
  );
}

/** Rows of independent normal numbers in the same layout: a dictionary of random directions. */
export function randomUnitRows(widths: readonly number[], features: number, random: Random): Tensor {
  const sides = widths.map((width) => ({
    width,
    data: Float32Array.from({ length: features * width }, () => random.normal()),
  }));
  return sideBySide(sides, everyFeature(features));
}

/** Values of each side: cross-layer decoders count their outputs at all targets. */
export function sideWidths({ describe }: Dictionary, vectors: VectorsCompared): number[] {
  const width = (name: "W_dec" | "W_enc") => sizeOfShape(describe(name).shape.slice(1));
  return [
    ...(vectors === "encoder" ? [] : [width(DICTIONARY_TENSORS.decoder)]),
    ...(vectors === "decoder" ? [] : [width(DICTIONARY_TENSORS.encoder)]),
  ];
}

export function everyFeature(count: number): Int32Array {
  return Int32Array.from({ length: count }, (_, feature) => feature);
}

/** @throws PatchbayError `values-do-not-fit` where vectors of the two have different lengths. */
export function checkComparable(left: Dictionary, right: Dictionary, vectors: VectorsCompared): void {
  const [ours, theirs] = [sideWidths(left, vectors).join(" and "), sideWidths(right, vectors).join(" and ")];
  if (ours === theirs) return;
  throw new PatchbayError(
    "values-do-not-fit",
    `The dictionaries "${left.spec.name}" and "${right.spec.name}" live in spaces of different width.`,
    { expected: `vectors of ${ours} values`, received: theirs, at: "right" },
  );
}

interface Side {
  readonly width: number;
  /** [feature, value] */
  readonly data: Float32Array;
}

function sideBySide(sides: readonly Side[], features: Int32Array): Tensor {
  const width = sides.reduce((sum, side) => sum + side.width, 0);
  const rows = new Float32Array(features.length * width);
  let offset = 0;
  for (const side of sides) {
    for (const [row, feature] of features.entries()) {
      const values = side.data.subarray(feature * side.width, (feature + 1) * side.width);
      let squares = 0;
      for (const value of values) squares += value * value;
      if (squares === 0) continue;
      const scale = 1 / Math.sqrt(squares * sides.length);
      for (const [i, value] of values.entries()) rows[row * width + offset + i] = value * scale;
    }
    offset += side.width;
  }
  return tensor(["feature", "value"], [features.length, width], rows);
}
