/** The final norm and the unembedding inside an analysis graph. */
import type { GraphBuilder, ValueName } from "@patchbay/onnx-graph";
import { applyNormWeight, biasValue, matrixValue, type TransformerModel } from "@patchbay/transformer";

/** x [.., residual] → what the unembedding reads; the norm's statistics are those of x itself. */
export function finalNorm(g: GraphBuilder, { architecture, tensors }: TransformerModel, x: ValueName): ValueName {
  const { kind, epsilon } = architecture.shape.norm;
  if (kind === "none") return x;
  const centred = kind === "layer" ? g.subtract(x, g.mean(x, [-1], true)) : x;
  const scale = g.squareRoot(g.add(g.mean(g.multiply(centred, centred), [-1], true), g.scalar(epsilon)));
  return applyNormWeight(g, tensors, g.divide(centred, scale), architecture.finalNorm);
}

/** x [.., residual] → logits [.., token], bias included. */
export function toLogits(g: GraphBuilder, { architecture, tensors }: TransformerModel, x: ValueName): ValueName {
  const logits = g.matrixProduct(x, matrixValue(g, tensors, architecture.unembedding));
  const bias = biasValue(g, tensors, architecture.unembedding);
  return bias === undefined ? logits : g.add(logits, bias);
}
