/** Next-token distributions before and after an intervention, compared in the graph: nothing of vocabulary length leaves it. */
import { GraphBuilder, type ValueName } from "@patchbay/onnx-graph";
import { type Engine, logSumExpOf, type Program, type TransformerModel } from "@patchbay/transformer";
import { type Tensor, tensor } from "@patchbay/vocabulary";
import { finalNorm, toLogits } from "../programs/final-norm.ts";
import { int64 } from "../programs/readout.ts";
import { topTokens } from "../programs/top-tokens.ts";

export interface NextTokenComparison {
  /** [row]: cross-entropy of the target in nats. */
  readonly lossBefore: Float32Array;
  readonly lossAfter: Float32Array;
  /** [row]: KL(before ‖ after) in nats. */
  readonly kl: Float32Array;
  /** [row × rank]: largest rises of probability, and the tokens. */
  readonly raised: Float32Array;
  readonly raisedTokens: Int32Array;
  /** [row × rank]: largest falls, as negative numbers, the largest fall first. */
  readonly lowered: Float32Array;
  readonly loweredTokens: Int32Array;
}

const OUTPUTS = ["loss_before", "loss_after", "kl", "raised", "raised_tokens", "lowered", "lowered_tokens"] as const;

/** Bytes of one [row, token] temporary; about eight are alive at once. */
const PIECE_IN_BYTES = 8 * 2 ** 20;

/** @param before, after: final residual states, [row × residual]; `targets`: the true next token of each row */
export async function compareNextToken(
  engine: Engine,
  before: Float32Array,
  after: Float32Array,
  targets: Int32Array,
  top: number,
  signal: AbortSignal,
): Promise<NextTokenComparison> {
  const { residualWidth: width, outputVocabulary: vocabulary } = engine.model.shape;
  const rows = targets.length;
  const ranks = Math.min(top, vocabulary);
  const result = {
    lossBefore: new Float32Array(rows),
    lossAfter: new Float32Array(rows),
    kl: new Float32Array(rows),
    raised: new Float32Array(rows * ranks),
    raisedTokens: new Int32Array(rows * ranks),
    lowered: new Float32Array(rows * ranks),
    loweredTokens: new Int32Array(rows * ranks),
  };
  const piece = Math.max(1, Math.floor(PIECE_IN_BYTES / 4 / vocabulary));
  for (let start = 0; start < rows; start += piece) {
    const end = Math.min(rows, start + piece);
    const states = (all: Float32Array): Tensor =>
      tensor(["row", "residual"], [end - start, width], all.subarray(start * width, end * width));
    const found = await engine.evaluate(
      comparisonProgram(engine.model),
      {
        before: states(before),
        after: states(after),
        targets: tensor(["row", "one"], [end - start, 1], targets.slice(start, end)),
        top: int64([ranks]),
      },
      OUTPUTS,
      signal,
    );
    result.lossBefore.set(found.loss_before.data, start);
    result.lossAfter.set(found.loss_after.data, start);
    // Rounding can leave a divergence of 0 slightly below it.
    result.kl.set(
      found.kl.data.map((value) => Math.max(0, value)),
      start,
    );
    result.raised.set(found.raised.data, start * ranks);
    result.raisedTokens.set(found.raised_tokens.data, start * ranks);
    result.lowered.set(found.lowered.data, start * ranks);
    result.loweredTokens.set(found.lowered_tokens.data, start * ranks);
  }
  return result;
}

function comparisonProgram(model: TransformerModel): Program {
  return {
    key: "compare-next-token",
    runsRarely: true,
    build() {
      const { residualWidth, outputVocabulary: vocabulary } = model.shape;
      const g = new GraphBuilder("compare-next-token");
      const targets = g.input("targets", "int32", ["row", 1]);
      const top = g.input("top", "int64", [1]);
      const state = (name: string) => {
        const residual = g.input(name, "float32", ["row", residualWidth]);
        const logits = toLogits(g, model, finalNorm(g, model, residual));
        const probabilities = g.softmax(logits, -1);
        const logSumExp = logSumExpOf(g, logits, probabilities);
        const chosen = g.squeeze(g.gatherElements(logits, targets, 1), [1]);
        g.output(g.subtract(logSumExp, chosen), "float32", ["row"], `loss_${name}`);
        return { logits, probabilities, logSumExp };
      };
      const before = state("before");
      const after = state("after");
      // Σ p_before·(logit_before − logit_after) − (log Σ_before − log Σ_after): exactly 0 where nothing differs.
      const moved = rowDots(g, before.probabilities, g.subtract(before.logits, after.logits));
      g.output(g.subtract(moved, g.subtract(before.logSumExp, after.logSumExp)), "float32", ["row"], "kl");
      const change = g.subtract(after.probabilities, before.probabilities);
      const raised = topTokens(g, change, top, vocabulary, "largest");
      const lowered = topTokens(g, change, top, vocabulary, "smallest");
      g.output(raised.values, "float32", ["row", "rank"], "raised");
      g.output(raised.tokens, "int32", ["row", "rank"], "raised_tokens");
      g.output(lowered.values, "float32", ["row", "rank"], "lowered");
      g.output(lowered.tokens, "int32", ["row", "rank"], "lowered_tokens");
      return g.build();
    },
  };
}

/** Σ a·b along each row, as a product of matrices: a sum over an axis as long as the vocabulary loses digits. */
function rowDots(g: GraphBuilder, a: ValueName, b: ValueName): ValueName {
  return g.squeeze(g.matrixProduct(g.unsqueeze(a, [1]), g.unsqueeze(b, [2])), [1, 2]);
}
