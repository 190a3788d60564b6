/**
 * Residual states → what the model would say from them: top tokens, entropy, KL to the final distribution, and chosen
 * tokens' logits and ranks, all inside the graph.
 */
import { GraphBuilder } from "@patchbay/onnx-graph";
import { type Engine, logSumExpOf, type Program, type TransformerModel } from "@patchbay/transformer";
import { type Tensor, tensor } from "@patchbay/vocabulary";
import { finalNorm, toLogits } from "./final-norm.ts";
import { topTokens } from "./top-tokens.ts";

export type LensNorm = "final" | "none";

export interface Readout {
  /** [state, position] */
  readonly logSumExp: Tensor;
  readonly entropy: Tensor;
  readonly klToFinal: Tensor;
  /** [state, position, rank] */
  readonly topLogits: Tensor;
  readonly topTokens: Tensor<Int32Array>;
  /** [state, position, tracked] */
  readonly trackedLogits: Tensor;
  /** Number of tokens with a strictly greater logit. */
  readonly trackedRanks: Tensor;
}

const OUTPUTS = [
  "log_sum_exp",
  "entropy",
  "kl",
  "top_logits",
  "top_tokens",
  "tracked_logits",
  "tracked_ranks",
] as const;

/** Bytes of logits alive at once; larger requests are read in pieces. */
const PIECE_IN_BYTES = 32 * 2 ** 20;

/**
 * `states` [state, position, residual]; the last state is the final residual stream, whose distribution (always through
 * the final norm) the KL is measured against.
 */
export async function readOut(
  engine: Engine,
  states: Tensor,
  options: { norm: LensNorm; top: number; tracked: readonly number[]; signal: AbortSignal },
): Promise<Readout> {
  const [stateCount = 0, positions = 0, width = 0] = states.shape;
  const { outputVocabulary: vocabulary } = engine.model.shape;
  const rowBytes = stateCount * vocabulary * 4 * (1 + options.tracked.length / 4);
  const step = Math.max(1, Math.floor(PIECE_IN_BYTES / rowBytes));
  const pieces: Record<(typeof OUTPUTS)[number], Tensor>[] = [];
  for (let start = 0; start < positions; start += step) {
    const count = Math.min(step, positions - start);
    const piece = new Float32Array(stateCount * count * width);
    for (let s = 0; s < stateCount; s++) {
      const from = (s * positions + start) * width;
      piece.set(states.data.subarray(from, from + count * width), s * count * width);
    }
    const feeds = {
      states: tensor(states.axes, [stateCount, count, width], piece),
      top: int64([Math.min(options.top, vocabulary)]),
      tracked: int64(options.tracked),
    };
    pieces.push(await engine.evaluate(readoutProgram(engine.model, options.norm), feeds, OUTPUTS, options.signal));
  }
  const join = (name: (typeof OUTPUTS)[number], last: string[]) =>
    joinPositions(
      pieces.map((piece) => ({ ...piece[name], axes: ["state", "position", ...last] })),
      stateCount,
    );
  return {
    logSumExp: join("log_sum_exp", []),
    entropy: join("entropy", []),
    klToFinal: join("kl", []),
    topLogits: join("top_logits", ["rank"]),
    topTokens: toInt32(join("top_tokens", ["rank"])),
    trackedLogits: join("tracked_logits", ["tracked"]),
    trackedRanks: join("tracked_ranks", ["tracked"]),
  };
}

function readoutProgram(model: TransformerModel, norm: LensNorm): Program {
  return {
    key: `readout.${norm}`,
    build() {
      const g = new GraphBuilder(`readout.${norm}`);
      const { residualWidth, outputVocabulary: vocabulary } = model.shape;
      const axes = ["state", "position"];
      const states = g.input("states", "float32", [...axes, residualWidth]);
      const top = g.input("top", "int64", [1]);
      const tracked = g.input("tracked", "int64", ["tracked"]);

      const logits = toLogits(g, model, norm === "final" ? finalNorm(g, model, states) : states);
      const last = g.gather(states, g.int64([-1]), 0);
      const finalLogits =
        norm === "final" ? g.gather(logits, g.int64([-1]), 0) : toLogits(g, model, finalNorm(g, model, last));

      const { logSumExp, probabilities } = distribution(g, logits);
      const final = norm === "final" ? undefined : distribution(g, finalLogits);
      const finalProbabilities = final?.probabilities ?? g.gather(probabilities, g.int64([-1]), 0);
      const finalLogSumExp = final?.logSumExp ?? g.gather(logSumExp, g.int64([-1]), 0);
      const expected = (p: string, value: string) => g.sum(g.multiply(p, value), [-1]);

      g.output(logSumExp, "float32", axes, "log_sum_exp");
      g.output(g.subtract(logSumExp, expected(probabilities, logits)), "float32", axes, "entropy");
      // KL(final ‖ state) = Σ p_final (log p_final − log p_state)
      const own = g.subtract(expected(finalProbabilities, finalLogits), finalLogSumExp);
      const cross = g.subtract(expected(finalProbabilities, logits), logSumExp);
      g.output(g.subtract(own, cross), "float32", axes, "kl");

      const rows = g.reshape(logits, [-1, vocabulary]);
      const best = topTokens(g, rows, top, vocabulary);
      const shape = g.concat([g.slice(g.node("Shape", [logits]), 0, 0, 2), top], 0);
      g.output(g.node("Reshape", [best.values, shape]), "float32", [...axes, "rank"], "top_logits");
      g.output(g.node("Reshape", [g.cast(best.tokens, "float32"), shape]), "float32", [...axes, "rank"], "top_tokens");

      const chosen = g.gather(logits, tracked, 2);
      g.output(chosen, "float32", [...axes, "tracked"], "tracked_logits");
      const greater = g.cast(g.greater(g.unsqueeze(logits, [2]), g.unsqueeze(chosen, [3])), "float32");
      g.output(g.sum(greater, [-1]), "float32", [...axes, "tracked"], "tracked_ranks");
      return g.build();
    },
  };
}

function distribution(g: GraphBuilder, logits: string): { logSumExp: string; probabilities: string } {
  const probabilities = g.softmax(logits, -1);
  return { probabilities, logSumExp: logSumExpOf(g, logits, probabilities) };
}

function joinPositions(parts: readonly Tensor[], stateCount: number): Tensor {
  const [first] = parts;
  if (first === undefined || parts.length === 1) return first ?? tensor(["state"], [0], new Float32Array(0));
  const inner = first.shape.slice(2).reduce((a, b) => a * b, 1);
  const total = parts.reduce((sum, part) => sum + (part.shape[1] ?? 0), 0);
  const data = new Float32Array(stateCount * total * inner);
  let offset = 0;
  for (const { data: piece, shape } of parts) {
    const width = (shape[1] ?? 0) * inner;
    for (let s = 0; s < stateCount; s++)
      data.set(piece.subarray(s * width, (s + 1) * width), s * total * inner + offset);
    offset += width;
  }
  return { axes: first.axes, shape: [stateCount, total, ...first.shape.slice(2)], data };
}

/** Token ids below 2^24 pass through float32 exactly; ids of every known vocabulary do. */
function toInt32({ axes, shape, data }: Tensor): Tensor<Int32Array> {
  return { axes, shape, data: Int32Array.from(data) };
}

export function int64(values: readonly number[]): Tensor<BigInt64Array> {
  return tensor(["entry"], [values.length], BigInt64Array.from(values, BigInt));
}
