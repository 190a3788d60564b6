/**
 * How much each input token counts: gradient × input, and integrated gradients (Sundararajan et al. 2017, arXiv 1703.01365):
 *   attribution[p] = Σ_d (e − b)[p, d] · (1/m) Σ_k ∂M/∂e[p, d] at b + (k − ½)/m · (e − b),  k = 1 … m
 * with e the token embeddings, b the baseline. Completeness: Σ_p attribution = M(e) − M(b), up to the midpoint rule's error,
 * which falls with m². Gradient × input is one gradient, at e.
 */
import type { TokenAttribution, TokenAttributionRequest } from "@patchbay/contract";
import { GraphBuilder } from "@patchbay/onnx-graph";
import { type Engine, float32Value, type Program, type TransformerModel } from "@patchbay/transformer";
import { ensureDefined, PatchbayError, type Tensor, tensor } from "@patchbay/vocabulary";
import { metricValues, referenceLogits } from "../metrics/metric-values.ts";
import { describeMetric, type ResolvedMetric, resolveMetric } from "../metrics/resolve-metric.ts";
import type { WorkContext } from "../model-service.ts";
import { inputOf, type ModelParts, recipeOf } from "../run/model-parts.ts";
import type { ResolvedInput } from "../run/resolve-input.ts";
import { gradientsOf } from "./gradients-of.ts";

const DEFAULT_STEPS = 32;
/** Tokens that pass through the model at once. */
const TOKENS_AT_ONCE = 2048;

export interface EmbeddingPath {
  readonly tokens: readonly number[];
  readonly metric: ResolvedMetric;
  readonly reference?: Float32Array;
  /** Stream that enters block 0, [1, position, residual]. */
  readonly stream: Tensor;
  /** e − b, [position × residual]. */
  readonly difference: Float32Array;
}

/**
 * Gradient × input of one row: (embedding − baseline) · gradient at the input, one number a token, in units of the metric.
 * `baseline` [position × residual] or [residual]; default zero.
 */
export async function gradientTimesInput(
  engine: Engine,
  tokens: readonly number[],
  metric: ResolvedMetric,
  signal: AbortSignal,
  { baseline, reference }: { readonly baseline?: Float32Array; readonly reference?: Float32Array } = {},
): Promise<Float32Array> {
  const { embedding, stream } = await embed(engine, tokens, signal);
  const difference = embedding.data.map((value, i) => value - (baseline?.[i % (baseline.length || 1)] ?? 0));
  const path = { tokens, metric, stream, difference, ...(reference === undefined ? {} : { reference }) };
  return attributionAlong(engine, path, [1], signal);
}

/** Mean over `places` (0: baseline, 1: input) of the gradient by the embeddings, times e − b, summed over the width. */
export async function attributionAlong(
  engine: Engine,
  { tokens, metric, reference, stream, difference }: EmbeddingPath,
  places: readonly number[],
  signal: AbortSignal,
  progress?: (fraction: number) => void,
): Promise<Float32Array> {
  const [, positions = 0, width = 0] = stream.shape;
  const attribution = new Float64Array(positions);
  const piece = Math.max(1, Math.floor(TOKENS_AT_ONCE / positions));
  for (let start = 0; start < places.length; start += piece) {
    const rows = places.slice(start, start + piece);
    const data = new Float32Array(rows.length * difference.length);
    rows.forEach((place, row) => {
      for (let i = 0; i < difference.length; i++) {
        data[row * difference.length + i] = (stream.data[i] ?? 0) - (1 - place) * (difference[i] ?? 0);
      }
    });
    const residual = tensor(["batch", "position", "residual"], [rows.length, positions, width], data);
    const { gradients } = await gradientsOf(
      engine,
      {
        tokens: rows.map(() => tokens),
        metric,
        sites: [{ kind: "hook_embed" }],
        from: { layer: 0, residual },
        ...(reference === undefined ? {} : { reference }),
      },
      signal,
    );
    const gradient = ensureDefined(gradients[0]).data;
    for (let i = 0; i < gradient.length; i++) {
      const place = i % difference.length;
      const position = Math.floor(place / width);
      attribution[position] = (attribution[position] ?? 0) + (gradient[i] ?? 0) * (difference[place] ?? 0);
    }
    progress?.((start + rows.length) / places.length);
  }
  return Float32Array.from(attribution, (sum) => sum / places.length);
}

/** @throws PatchbayError `invalid-request` for a batch; `values-do-not-fit` for a baseline prompt of another length */
export async function tokenAttribution(
  parts: ModelParts,
  request: TokenAttributionRequest,
  { signal, progress }: WorkContext,
): Promise<TokenAttribution> {
  const { engine, tokenizer } = parts;
  const input = inputOf(parts, request.input);
  const tokens = onlyRow(input, "input");
  const metric = resolveMetric(parts, request.metric, input);
  const { method = "integrated-gradients" } = request;
  const steps = method === "gradient-times-input" ? 1 : (request.steps ?? DEFAULT_STEPS);
  const { embedding, stream } = await embed(engine, tokens, signal);
  const baseline = await baselineOf(parts, request.baseline ?? { kind: "mean-embedding" }, input, signal);
  const difference = embedding.data.map((value, i) => value - (baseline[i % baseline.length] ?? 0));

  const ends = new Float32Array(2 * stream.data.length);
  ends.set(stream.data);
  ends.set(
    stream.data.map((value, i) => value - (difference[i] ?? 0)),
    stream.data.length,
  );
  const { residual } = await engine.forward({
    tokens: [tokens, tokens],
    from: { layer: 0, residual: { ...stream, shape: [2, ...stream.shape.slice(1)], data: ends } },
    signal,
  });
  const reference = await referenceLogits(engine, metric, residual, signal);
  const held = reference === undefined ? {} : { reference };
  const values = await metricValues(engine, metric, { residual, tokens: [tokens, tokens], ...held }, signal);

  const places =
    method === "gradient-times-input" ? [1] : Array.from({ length: steps }, (_, step) => (step + 0.5) / steps);
  const path = { tokens, metric, stream, difference, ...held };
  const attribution = await attributionAlong(engine, path, places, signal, (fraction) =>
    progress?.(fraction, `${Math.round(fraction * steps)} of ${steps} gradients`),
  );
  const [atInput = 0, atBaseline = 0] = values;
  return {
    tokens: ensureDefined(input.described[0]),
    attribution: [...attribution],
    sum: attribution.reduce((sum, value) => sum + value, 0),
    expected: atInput - atBaseline,
    value: { input: atInput, baseline: atBaseline },
    method,
    steps,
    recipe: await recipeOf(parts, input, describeMetric(tokenizer, metric), request),
  };
}

/** Token embeddings and the stream that enters block 0, both [1, position, residual]. */
async function embed(engine: Engine, tokens: readonly number[], signal: AbortSignal) {
  const { residual, reads } = await engine.forward({
    tokens: [tokens],
    until: 0,
    reads: [{ site: { kind: "hook_embed" } }],
    signal,
  });
  return { stream: residual, embedding: ensureDefined(reads[0]) };
}

/** [position × residual] or [residual] */
async function baselineOf(
  parts: ModelParts,
  baseline: NonNullable<TokenAttributionRequest["baseline"]>,
  { length }: ResolvedInput,
  signal: AbortSignal,
): Promise<Float32Array> {
  const { engine } = parts;
  if (baseline.kind === "zero") return new Float32Array(engine.model.shape.residualWidth);
  if (baseline.kind === "mean-embedding") return meanEmbedding(engine, signal);
  const other = inputOf(parts, baseline.input);
  if (other.length === length) return (await embed(engine, onlyRow(other, "baseline/input"), signal)).embedding.data;
  throw new PatchbayError("values-do-not-fit", "The two prompts have different numbers of tokens.", {
    expected: `${length} tokens`,
    received: `${other.length} tokens`,
    at: "baseline/input",
  });
}

/** Mean of the rows of the token embedding, [residual]. */
export async function meanEmbedding(engine: Engine, signal: AbortSignal): Promise<Float32Array> {
  const { mean } = await engine.evaluate(meanProgram(engine.model), {}, ["mean"], signal);
  return mean.data;
}

function meanProgram({ architecture, tensors, shape }: TransformerModel): Program {
  return {
    key: "token-embedding.mean",
    runsRarely: true,
    build() {
      const g = new GraphBuilder("token-embedding.mean");
      const table = float32Value(g, tensors, architecture.tokenEmbedding);
      // A product sums a long axis in many lanes; ReduceMean over it loses digits.
      const count = shape.vocabulary;
      const weights = g.float32("weights", [1, count], new Float32Array(count).fill(1 / count));
      g.output(g.reshape(g.matrixProduct(weights, table), [shape.residualWidth]), "float32", ["residual"], "mean");
      return g.build();
    },
  };
}

export function onlyRow({ tokens }: ResolvedInput, at: string): readonly number[] {
  const [row, ...others] = tokens;
  if (row !== undefined && others.length === 0) return row;
  throw new PatchbayError("invalid-request", "Gradients are offered for one prompt at a time.", {
    expected: "one row",
    received: `${tokens.length} rows`,
    at,
  });
}
