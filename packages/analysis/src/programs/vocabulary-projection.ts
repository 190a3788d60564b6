/**
 * Vectors of the residual stream × the LM head: which tokens each promotes and suppresses. `scores` are plain products (fold
 * the final norm into the vectors first if wanted); `cosines` divide the same products by both lengths.
 */
import { GraphBuilder } from "@patchbay/onnx-graph";
import { type Engine, logSumExpOf, matrixValue, type Program, type TransformerModel } from "@patchbay/transformer";
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
  const feeds = { vectors, top: int64([Math.min(top, engine.model.shape.vocabulary)]) };
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
    build() {
      const { residualWidth, vocabulary } = model.shape;
      const g = new GraphBuilder("vocabulary-projection");
      const vectors = g.input("vectors", "float32", ["vector", residualWidth]);
      const top = g.input("top", "int64", [1]);
      const head = matrixValue(g, model.tensors, model.architecture.unembedding);
      const scores = g.matrixProduct(vectors, head);
      rank(g, "scores", scores, top, vocabulary);
      if (measure === "scores+cosines") {
        const length = (value: string, axis: number) => g.squareRoot(g.sum(g.multiply(value, value), [axis], true));
        const lengths = g.multiply(length(vectors, 1), length(head, 0));
        rank(g, "cosines", g.divide(scores, lengths), top, vocabulary);
      }
      return g.build();
    },
  };
}

function rank(g: GraphBuilder, name: string, scores: string, top: string, vocabulary: number): void {
  const best = topTokens(g, scores, top, vocabulary);
  const worst = topTokens(g, g.negate(scores), top, vocabulary);
  g.output(best.values, "float32", ["vector", "rank"], `${name}.top`);
  g.output(best.tokens, "int32", ["vector", "rank"], `${name}.top_tokens`);
  g.output(g.negate(worst.values), "float32", ["vector", "rank"], `${name}.bottom`);
  g.output(worst.tokens, "int32", ["vector", "rank"], `${name}.bottom_tokens`);

  const probabilities = g.softmax(scores, -1);
  const logSumExp = logSumExpOf(g, scores, probabilities);
  g.output(logSumExp, "float32", ["vector"], `${name}.log_sum_exp`);
  // Entropy of softmax: log Σ − E[score].
  g.output(
    g.subtract(logSumExp, g.sum(g.multiply(probabilities, scores), [1])),
    "float32",
    ["vector"],
    `${name}.entropy`,
  );
}

/** Vectors seen through the final norm's weight: what one unit of them adds to the logits at scale 1. */
export async function foldFinalNorm(model: TransformerModel, vectors: Tensor): Promise<Tensor> {
  const { finalNorm, shape } = model.architecture;
  const weight = (await model.tensors.read(finalNorm.weight)).data;
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
