/** Final residual streams → one number a row, inside the graph: no logits travel. */
import { GraphBuilder, type ValueName } from "@patchbay/onnx-graph";
import { type Engine, logSumExpOf, type Program, type TransformerModel } from "@patchbay/transformer";
import { PatchbayError, type Tensor, tensor } from "@patchbay/vocabulary";
import { finalNorm, toLogits } from "../programs/final-norm.ts";
import { nextTokenLoss } from "../programs/next-token-loss.ts";
import { int64 } from "../programs/readout.ts";
import type { ResolvedMetric } from "./resolve-metric.ts";

/** Bytes of logits alive at once. */
const PIECE_IN_BYTES = 32 * 2 ** 20;

export interface MetricInputs {
  /** Final residual stream, [batch, position, residual]: all positions of the input. */
  readonly residual: Tensor;
  /** [batch][position], for a loss. */
  readonly tokens: readonly (readonly number[])[];
  /** Logits of the reference run at the metric's position, [token], for KL: `referenceLogits` makes them. */
  readonly reference?: Float32Array;
}

/**
 * The metric of every row, [row]: logits as they are, log probabilities, losses and KL in nats.
 * @throws PatchbayError `cancelled`
 */
export async function metricValues(
  engine: Engine,
  metric: ResolvedMetric,
  { residual, tokens, reference }: MetricInputs,
  signal: AbortSignal,
): Promise<Float32Array> {
  if (metric.kind === "loss") return lossOfRows(engine, residual, tokens, signal);
  const rows = residualAt(residual, metric.position);
  const { residualWidth: width, outputVocabulary: vocabulary } = engine.model.shape;
  const piece = Math.max(1, Math.floor(PIECE_IN_BYTES / 4 / vocabulary));
  const count = rows.length / width;
  const values = new Float32Array(count);
  for (let start = 0; start < count; start += piece) {
    const end = Math.min(count, start + piece);
    const { value } = await engine.evaluate(
      metricProgram(engine.model, metric.kind),
      {
        residual: tensor(["row", "residual"], [end - start, width], rows.subarray(start * width, end * width)),
        ...metricFeeds(metric, reference),
      },
      ["value"],
      signal,
    );
    values.set(value.data, start);
  }
  return values;
}

/** The logits that KL is measured from: those of the first row of a run, at the metric's position. [token] */
export async function referenceLogits(
  engine: Engine,
  metric: ResolvedMetric,
  residual: Tensor,
  signal: AbortSignal,
): Promise<Float32Array | undefined> {
  if (metric.kind !== "kl") return undefined;
  const width = engine.model.shape.residualWidth;
  const row = tensor(
    ["batch", "position", "residual"],
    [1, 1, width],
    residualAt(residual, metric.position).slice(0, width),
  );
  const { logits } = await engine.unembed({ residual: row, positions: [metric.position], full: true, signal });
  return (logits as Tensor).data;
}

/** [row × residual] at one position. */
export function residualAt({ shape, data }: Tensor, position: number): Float32Array {
  const [rows = 0, positions = 0, width = 0] = shape;
  if (positions === 1 && position === 0) return data;
  const result = new Float32Array(rows * width);
  for (let row = 0; row < rows; row++) {
    const from = (row * positions + position) * width;
    result.set(data.subarray(from, from + width), row * width);
  }
  return result;
}

function metricFeeds(metric: Exclude<ResolvedMetric, { kind: "loss" }>, reference: Float32Array | undefined) {
  if (metric.kind === "kl") {
    if (reference !== undefined) return { reference: tensor(["row", "token"], [1, reference.length], reference) };
    throw new PatchbayError("invalid-request", "KL needs the distribution of a reference run.");
  }
  return { tokens: int64(metric.kind === "logit-difference" ? [metric.token, metric.minus] : [metric.token]) };
}

function metricProgram(model: TransformerModel, kind: Exclude<ResolvedMetric["kind"], "loss">): Program {
  return {
    key: `metric.${kind}`,
    build() {
      const g = new GraphBuilder(`metric.${kind}`);
      const residual = g.input("residual", "float32", ["row", model.shape.residualWidth]);
      const logits = toLogits(g, model, finalNorm(g, model, residual));
      g.output(kind === "kl" ? divergence(g, logits) : chosen(g, logits, kind), "float32", ["row"], "value");
      return g.build();
    },
  };
}

/** logits [row, token] → [row] */
function chosen(
  g: GraphBuilder,
  logits: ValueName,
  kind: "logit-difference" | "logit" | "probability" | "log-probability",
) {
  const tokens = g.input("tokens", "int64", [kind === "logit-difference" ? 2 : 1]);
  const picked = (values: ValueName) => g.gather(values, tokens, 1);
  if (kind === "probability") return g.squeeze(picked(g.softmax(logits, -1)), [1]);
  const own = picked(logits);
  if (kind === "logit") return g.squeeze(own, [1]);
  if (kind === "log-probability") {
    return g.subtract(g.squeeze(own, [1]), logSumExpOf(g, logits, g.softmax(logits, -1)));
  }
  return g.squeeze(g.subtract(g.slice(own, 1, 0, 1), g.slice(own, 1, 1, 2)), [1]);
}

/** KL(reference ‖ row) = Σ p_ref (log p_ref − log p); [row] */
function divergence(g: GraphBuilder, logits: ValueName): ValueName {
  const reference = g.input("reference", "float32", [1, "token"]);
  const p = g.softmax(reference, -1);
  const logProbabilities = (of: ValueName, probabilities: ValueName) =>
    g.subtract(of, g.unsqueeze(logSumExpOf(g, of, probabilities), [1]));
  const difference = g.subtract(logProbabilities(reference, p), logProbabilities(logits, g.softmax(logits, -1)));
  return g.sum(g.multiply(p, difference), [-1]);
}

async function lossOfRows(
  engine: Engine,
  { shape, data }: Tensor,
  tokens: readonly (readonly number[])[],
  signal: AbortSignal,
): Promise<Float32Array> {
  const [rows = 0, positions = 0, width = 0] = shape;
  const predicting = positions - 1;
  const states = new Float32Array(rows * predicting * width);
  const targets = new Int32Array(rows * predicting);
  for (let row = 0; row < rows; row++) {
    const from = row * positions * width;
    states.set(data.subarray(from, from + predicting * width), row * predicting * width);
    targets.set((tokens[row] ?? []).slice(1), row * predicting);
  }
  const losses = await nextTokenLoss(engine, states, targets, signal);
  return Float32Array.from({ length: rows }, (_, row) => {
    let sum = 0;
    for (let i = 0; i < predicting; i++) sum += losses[row * predicting + i] ?? 0;
    return sum / predicting;
  });
}
