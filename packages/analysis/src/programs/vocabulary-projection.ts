/**
 * Vectors of the residual stream × the LM head: which tokens each promotes and suppresses. `scores` are plain products (fold
 * the final norm into the vectors first if wanted); `cosines` divide the same products by both lengths.
 */
import { GraphBuilder } from "@patchbay/onnx-graph";
import { type Engine, matrixValue, type Program, readNormWeight, type TransformerModel } from "@patchbay/transformer";
import { ensureDefined, type Tensor, tensor } from "@patchbay/vocabulary";
import { int64 } from "./readout.ts";
import { topTokens } from "./top-tokens.ts";

export type ProjectionMeasure = "scores" | "scores+cosines";

export interface Ranking {
  /** [vector, rank], falling. */
  readonly topScores: Tensor;
  readonly topTokens: Int32Array;
  /** [vector, rank], rising: the most suppressed first. */
  readonly bottomScores: Tensor;
  readonly bottomTokens: Int32Array;
  /** [vector]: log Σ exp scores, and entropy of softmax(scores) in nats. */
  readonly logSumExp: Float32Array;
  readonly entropy: Float32Array;
}

export async function projectOnVocabulary(
  engine: Engine,
  vectors: Tensor,
  top: number,
  measure: ProjectionMeasure,
  signal: AbortSignal,
): Promise<{ scores: Ranking; cosines: Ranking | undefined }> {
  const feeds = { vectors, top: int64([Math.min(top, engine.model.shape.outputVocabulary)]) };
  const names = measure === "scores" ? ["scores"] : ["scores", "cosines"];
  const fetches = names.flatMap((name) => RANKING_OUTPUTS.map((output) => `${name}.${output}`));
  const outputs = await engine.evaluate(projectionProgram(engine.model, measure), feeds, fetches, signal);
  const ranking = (name: string): Ranking => {
    const output = (field: string) => ensureDefined(outputs[`${name}.${field}`], field);
    return {
      topScores: output("top"),
      topTokens: asInt32(output("top_tokens")),
      bottomScores: output("bottom"),
      bottomTokens: asInt32(output("bottom_tokens")),
      logSumExp: output("log_sum_exp").data,
      entropy: output("entropy").data,
    };
  };
  return { scores: ranking("scores"), cosines: measure === "scores" ? undefined : ranking("cosines") };
}

const RANKING_OUTPUTS = ["top", "top_tokens", "bottom", "bottom_tokens", "log_sum_exp", "entropy"] as const;

export function projectionProgram(model: TransformerModel, measure: ProjectionMeasure): Program {
  return {
    key: `vocabulary-projection.${measure}`,
    runsRarely: true,
    build() {
      const { residualWidth, outputVocabulary: vocabulary } = model.shape;
      const g = new GraphBuilder("vocabulary-projection");
      const vectors = g.input("vectors", "float32", ["vector", residualWidth]);
      const top = g.input("top", "int64", [1]);
      const head = matrixValue(g, model.tensors, model.architecture.unembedding);
      const scores = g.matrixProduct(vectors, head);
      rank(g, "scores", scores, top, vocabulary);
      if (measure === "scores+cosines") {
        const inverseLength = (value: string, axis: number) => {
          const length = g.squareRoot(g.sum(g.multiply(value, value), [axis], true));
          // A vector of zeros (a dead neuron, an unused row of the head) has cosine 0 with everything.
          return g.node("Reciprocal", [g.node("Max", [length, g.scalar(1e-30)])]);
        };
        // The head's lengths depend on constants only: the runtime folds them when it opens the session.
        const perToken = g.multiply(scores, inverseLength(head, 0));
        rank(g, "cosines", g.multiply(perToken, inverseLength(vectors, 1)), top, vocabulary);
      }
      return g.build();
    },
  };
}

/**
 * Every pass over the scores costs 3 to 9 % of the time of the product that made them (`npm run bench -- neuron-map`), so
 * there are four: largest and smallest of each group, softmax, and its dot product with the scores.
 */
function rank(g: GraphBuilder, name: string, scores: string, top: string, vocabulary: number): void {
  const best = topTokens(g, scores, top, vocabulary, "largest");
  const worst = topTokens(g, scores, top, vocabulary, "smallest");
  g.output(best.values, "float32", ["vector", "rank"], `${name}.top`);
  g.output(best.tokens, "int32", ["vector", "rank"], `${name}.top_tokens`);
  g.output(worst.values, "float32", ["vector", "rank"], `${name}.bottom`);
  g.output(worst.tokens, "int32", ["vector", "rank"], `${name}.bottom_tokens`);

  const probabilities = g.softmax(scores, -1);
  const first = (value: string) => g.slice(value, 1, 0, 1);
  const largestProbability = g.gatherElements(probabilities, first(best.tokens), 1);
  const logSumExp = g.subtract(first(best.values), g.logarithm(largestProbability));
  g.output(g.squeeze(logSumExp, [1]), "float32", ["vector"], `${name}.log_sum_exp`);
  // Entropy of softmax: log Σ − E[score].
  const entropy = g.subtract(g.squeeze(logSumExp, [1]), rowDots(g, probabilities, scores));
  g.output(entropy, "float32", ["vector"], `${name}.entropy`);
}

/** Σ a·b along each row, [row]; with the second factor transposed inside the product nothing is written in between. */
function rowDots(g: GraphBuilder, a: string, b: string): string {
  const row = (value: string) => g.unsqueeze(value, [1]);
  const dots = g.node("FusedMatMul", [row(a), row(b)], { transB: { int: 1 } }, undefined, "com.microsoft");
  return g.squeeze(dots, [1, 2]);
}

/** Vectors seen through the final norm's weight: what one unit of them adds to the logits at scale 1. */
export async function foldFinalNorm(model: TransformerModel, vectors: Tensor): Promise<Tensor> {
  const { finalNorm, shape } = model.architecture;
  const weight = await readNormWeight(model.tensors, finalNorm, shape.residualWidth);
  const width = shape.residualWidth;
  const data = new Float32Array(vectors.data.length);
  for (let start = 0; start < data.length; start += width) {
    let mean = 0;
    if (shape.norm.kind === "layer") for (let i = 0; i < width; i++) mean += (vectors.data[start + i] ?? 0) / width;
    for (let i = 0; i < width; i++) data[start + i] = ((vectors.data[start + i] ?? 0) - mean) * (weight[i] ?? 0);
  }
  return tensor(vectors.axes, vectors.shape, data);
}

function asInt32({ data }: Tensor): Int32Array {
  return data instanceof Int32Array ? data : Int32Array.from(data);
}
