/** The final norm and the unembedding inside an analysis graph. */
import type { GraphBuilder, ValueName } from "@patchbay/onnx-graph";
import { biasValue, float32Value, matrixValue, type TransformerModel } from "@patchbay/transformer";

/** x [.., residual] → what the unembedding reads; the norm's statistics are those of x itself. */
export function finalNorm(g: GraphBuilder, { architecture, tensors }: TransformerModel, x: ValueName): ValueName {
  const { kind, epsilon } = architecture.shape.norm;
  const centred = kind === "layer" ? g.subtract(x, g.mean(x, [-1], true)) : x;
  const scale = g.squareRoot(g.add(g.mean(g.multiply(centred, centred), [-1], true), g.scalar(epsilon)));
  const weighted = g.multiply(g.divide(centred, scale), float32Value(g, tensors, architecture.finalNorm.weight));
  const { bias } = architecture.finalNorm;
  return bias === undefined ? weighted : g.add(weighted, float32Value(g, tensors, bias));
}

/** x [.., residual] → logits [.., token], bias included. */
export function toLogits(g: GraphBuilder, { architecture, tensors }: TransformerModel, x: ValueName): ValueName {
  const logits = g.matrixProduct(x, matrixValue(g, tensors, architecture.unembedding));
  const bias = biasValue(g, tensors, architecture.unembedding);
  return bias === undefined ? logits : g.add(logits, bias);
}
