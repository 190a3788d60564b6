/**
 * Metrics and their gradients by the final residual stream. With logits z = n W_U, n the normed stream and p = softmax z:
 *   logit: e_t · logit difference: e_t − e_u · log probability: e_t − p · probability: p_t (e_t − p)
 *   loss: (p − e_next) / number of predictions · KL(q ‖ p): p − q                      (each by z)
 * The way from z through the unembedding is written out, from n through the final norm it is differentiated.
 */
import { type CustomGradient, differentiate, type Graph, GraphBuilder, type ValueName } from "@patchbay/onnx-graph";
import { type Engine, float32Value, matrixValue, type Program, type TransformerModel } from "@patchbay/transformer";
import { PatchbayError, type Tensor, type TensorData, tensor } from "@patchbay/vocabulary";
import { type MetricInputs, metricValues, residualAt } from "../metrics/metric-values.ts";
import type { ResolvedMetric } from "../metrics/resolve-metric.ts";
import { finalNorm } from "../programs/final-norm.ts";
import { int64 } from "../programs/readout.ts";
import { withOutputs } from "./graph-parts.ts";

/** Bytes of logits alive at once. */
const PIECE_IN_BYTES = 32 * 2 ** 20;

export interface MetricGradient {
  /** [row] */
  readonly values: Float32Array;
  /** d value[row] / d final residual stream: [batch, position, residual]. */
  readonly residual: Tensor;
  /** … / d what the unembedding reads (ln_final.hook_normalized): [batch, position, residual]. */
  readonly normalized: Tensor;
}

/** @throws PatchbayError `cancelled`; `invalid-request` for KL without a reference */
export async function metricGradient(
  engine: Engine,
  metric: ResolvedMetric,
  inputs: MetricInputs,
  signal: AbortSignal,
): Promise<MetricGradient> {
  const values = await metricValues(engine, metric, inputs, signal);
  const [batch = 0, positions = 0, width = 0] = inputs.residual.shape;
  const places = metric.kind === "loss" ? positions - 1 : 1;
  const states =
    metric.kind === "loss" ? predictingStates(inputs.residual) : residualAt(inputs.residual, metric.position);
  const targets = inputs.tokens.flatMap((row) => row.slice(1));
  const count = batch * places;
  const piece = Math.max(1, Math.floor(PIECE_IN_BYTES / 4 / engine.model.shape.outputVocabulary));
  const residual = new Float32Array(batch * positions * width);
  const normalized = new Float32Array(residual.length);
  for (let start = 0; start < count; start += piece) {
    const end = Math.min(count, start + piece);
    const found = await engine.evaluate(
      gradientProgram(engine.model, metric.kind),
      {
        residual: tensor(["row", "residual"], [end - start, width], states.subarray(start * width, end * width)),
        weight: tensor(["row"], [end - start], new Float32Array(end - start).fill(1 / places)),
        ...metricFeeds(metric, inputs.reference, targets.slice(start, end)),
      },
      ["gradient", "normalized"],
      signal,
    );
    for (let row = start; row < end; row++) {
      const position = metric.kind === "loss" ? row % places : metric.position;
      const at = (Math.floor(row / places) * positions + position) * width;
      residual.set(found.gradient.data.subarray((row - start) * width, (row - start + 1) * width), at);
      normalized.set(found.normalized.data.subarray((row - start) * width, (row - start + 1) * width), at);
    }
  }
  const named = (data: Float32Array) => tensor(["batch", "position", "residual"], [batch, positions, width], data);
  return { values, residual: named(residual), normalized: named(normalized) };
}

/** All positions but the last of each row: [row × (position − 1), residual]. */
function predictingStates({ shape, data }: Tensor): Float32Array {
  const [batch = 0, positions = 0, width = 0] = shape;
  const result = new Float32Array(batch * (positions - 1) * width);
  for (let row = 0; row < batch; row++) {
    const from = row * positions * width;
    result.set(data.subarray(from, from + (positions - 1) * width), row * (positions - 1) * width);
  }
  return result;
}

function metricFeeds(
  metric: ResolvedMetric,
  reference: Float32Array | undefined,
  targets: readonly number[],
): Record<string, Tensor<TensorData>> {
  switch (metric.kind) {
    case "kl":
      if (reference !== undefined) return { reference: tensor(["row", "token"], [1, reference.length], reference) };
      throw new PatchbayError("invalid-request", "KL needs the distribution of a reference run.");
    case "loss":
      return { tokens: int64(targets) };
    case "logit-difference":
      return { tokens: int64([metric.token, metric.minus]) };
    default:
      return { tokens: int64([metric.token]) };
  }
}

/** residual [row, residual], weight [row] → gradients of Σ weight · metric by the stream and by its normed form. */
function gradientProgram(model: TransformerModel, kind: ResolvedMetric["kind"]): Program {
  return { key: `metric.${kind}.gradient`, build: () => buildGradient(model, kind) };
}

function buildGradient(model: TransformerModel, kind: ResolvedMetric["kind"]): Graph {
  const { residualWidth } = model.shape;
  const g = new GraphBuilder(`metric.${kind}.gradient`);
  const residual = g.input("residual", "float32", ["row", residualWidth]);
  const weight = g.input("weight", "float32", ["row"]);
  if (kind === "kl") g.input("reference", "float32", [1, "token"]);
  else g.input("tokens", "int64", ["entry"]);
  // A norm that does nothing must still be a value of its own.
  const normed = g.node("Identity", [finalNorm(g, model, residual)], {}, "normed");
  // Stands for the metric, whose value other graphs compute: only its way back is of interest.
  const total = g.node("ReduceSum", [normed], { keepdims: { int: 0 } }, "total");
  g.output(total, "float32", []);
  const throughLogits: CustomGradient = {
    inputs: [normed],
    backward: (b) => [byNormed(b, model, kind, normed, weight)],
  };
  const { graph, gradients } = differentiate(g.build(), {
    of: [{ value: total }],
    by: [residual, normed],
    customGradients: new Map([[total, throughLogits]]),
  });
  const named = GraphBuilder.from(graph);
  const shape = ["row", residualWidth];
  named.output(gradients.get(residual) ?? "", "float32", shape, "gradient");
  named.output(gradients.get(normed) ?? "", "float32", shape, "normalized");
  const whole = named.build();
  return withOutputs(
    whole,
    whole.outputs.filter(({ name }) => name === "gradient" || name === "normalized"),
  );
}

/** d (Σ weight · metric) / d normed, [row, residual]. */
function byNormed(
  g: GraphBuilder,
  model: TransformerModel,
  kind: ResolvedMetric["kind"],
  normed: ValueName,
  weight: ValueName,
): ValueName {
  const { architecture, tensors } = model;
  const { unembedding } = architecture;
  const byOutput = unembedding.layout === "output-input";
  const stored = float32Value(g, tensors, unembedding.tensor);
  const weighted = (rows: ValueName) => g.multiply(g.unsqueeze(weight, [1]), rows);
  /** Columns of W_U as rows: [entry, residual]. */
  const columns = () => (byOutput ? g.gather(stored, "tokens", 0) : g.transpose(g.gather(stored, "tokens", 1), [1, 0]));
  if (kind === "logit") return weighted(columns());
  if (kind === "logit-difference") {
    const both = columns();
    return weighted(g.subtract(g.slice(both, 0, 0, 1), g.slice(both, 0, 1, 2)));
  }
  const product = g.matrixProduct(normed, matrixValue(g, tensors, unembedding));
  const bias = unembedding.bias === undefined ? undefined : float32Value(g, tensors, unembedding.bias);
  const p = g.softmax(bias === undefined ? product : g.add(product, bias), -1);
  /** [row, token] → [row, residual] */
  const pullBack = (byLogits: ValueName) => g.matrixProduct(byLogits, byOutput ? stored : g.transpose(stored, [1, 0]));
  if (kind === "kl") return weighted(pullBack(g.subtract(p, g.softmax("reference", -1))));
  const difference = g.subtract(columns(), pullBack(p));
  if (kind === "loss") return g.negate(weighted(difference));
  if (kind === "log-probability") return weighted(difference);
  return weighted(g.multiply(g.gather(p, "tokens", 1), difference));
}
