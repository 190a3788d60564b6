/** The final norm and the unembedding in float64, read from the model's own tensors. */
import { readNormWeight, type TransformerModel } from "@patchbay/transformer";
import { dotProduct } from "./distribution.ts";

export interface ReferenceHead {
  /** The logits that a residual state gives, through the final norm or raw. */
  logits(state: ArrayLike<number>, norm: "final" | "none"): Float64Array;
  /** Each token's row of the unembedding, and the final norm's weight. */
  readonly rows: readonly Float64Array[];
  readonly weight: ArrayLike<number>;
}

export async function referenceHead({ architecture, tensors, shape }: TransformerModel): Promise<ReferenceHead> {
  const { finalNorm, unembedding } = architecture;
  const weight = await readNormWeight(tensors, finalNorm, shape.residualWidth);
  const bias = finalNorm.bias === undefined ? undefined : (await tensors.read(finalNorm.bias)).data;
  const { data } = await tensors.read(unembedding.tensor);
  const width = shape.residualWidth;
  const rows = Array.from({ length: shape.vocabulary }, (_, id) =>
    Float64Array.from(data.subarray(id * width, (id + 1) * width)),
  );
  const normed = (state: ArrayLike<number>) => {
    const values = Float64Array.from(state);
    const centre = shape.norm.kind === "layer" ? values.reduce((sum, value) => sum + value, 0) / width : 0;
    const centred = values.map((value) => value - centre);
    const scale = Math.sqrt(dotProduct(centred, centred) / width + shape.norm.epsilon);
    return centred.map((value, i) => (value / scale) * (weight[i] ?? Number.NaN) + (bias?.[i] ?? 0));
  };
  return {
    rows,
    weight,
    logits: (state, norm) => {
      const read = norm === "final" ? normed(state) : state;
      return Float64Array.from(rows, (row) => dotProduct(row, read));
    },
  };
}
