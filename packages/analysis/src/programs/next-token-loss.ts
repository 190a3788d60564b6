/** Cross-entropy of given next tokens from final residual states, in nats, and log probabilities where both are wanted. */
import { GraphBuilder } from "@patchbay/onnx-graph";
import { type Engine, logSumExpOf, type Program, type TransformerModel } from "@patchbay/transformer";
import { PatchbayError, tensor } from "@patchbay/vocabulary";
import { finalNorm, toLogits } from "./final-norm.ts";

/** Bytes of logits alive at once. */
const PIECE_IN_BYTES = 32 * 2 ** 20;

/** `residual` holds rows of the final stream, [row, residual]; `targets` the token that follows each. [row] nats. */
export async function nextTokenLoss(
  engine: Engine,
  residual: Float32Array,
  targets: Int32Array,
  signal?: AbortSignal,
): Promise<Float32Array> {
  const { residualWidth, outputVocabulary: vocabulary } = engine.model.shape;
  checkTargets(targets, vocabulary);
  const piece = Math.max(1, Math.floor(PIECE_IN_BYTES / 4 / vocabulary));
  const losses = new Float32Array(targets.length);
  for (let start = 0; start < targets.length; start += piece) {
    const end = Math.min(targets.length, start + piece);
    const { loss } = await engine.evaluate(
      program(engine.model),
      {
        residual: tensor(
          ["row", "residual"],
          [end - start, residualWidth],
          residual.subarray(start * residualWidth, end * residualWidth),
        ),
        targets: tensor(["row", "one"], [end - start, 1], targets.slice(start, end)),
      },
      ["loss"],
      signal,
    );
    losses.set(loss.data, start);
  }
  return losses;
}

/** A model of an algorithmic task may answer with other tokens than it reads. */
function checkTargets(targets: Int32Array, vocabulary: number): void {
  const wrong = targets.find((token) => token >= vocabulary);
  if (wrong === undefined) return;
  throw new PatchbayError("unsupported-model", "The model has no logit for a token of the text.", {
    expected: `next tokens from 0 to ${vocabulary - 1}, which the model can answer with`,
    received: String(wrong),
  });
}

function program(model: TransformerModel): Program {
  return {
    key: "next-token-loss",
    build() {
      const g = new GraphBuilder("next-token-loss");
      const residual = g.input("residual", "float32", ["row", model.shape.residualWidth]);
      const targets = g.input("targets", "int32", ["row", 1]);
      const logits = toLogits(g, model, finalNorm(g, model, residual));
      const total = logSumExpOf(g, logits, g.softmax(logits, -1));
      const chosen = g.squeeze(g.gatherElements(logits, targets, 1), [1]);
      g.output(g.subtract(total, chosen), "float32", ["row"], "loss");
      return g.build();
    },
  };
}
