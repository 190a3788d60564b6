/**
 * Entry: how well an attribution names the tokens that matter. The tokens of each prompt are deleted (their embeddings replaced by
 * a baseline) in the order of an attribution, strongest first, and the predicted token's probability is measured: the faster it
 * falls, the better the order. Decomposition against gradient × input against random orders, on the same prompts.
 */
import type { DeletionCurve, DeletionCurveRequest, DeletionMethod, Token } from "@patchbay/contract";
import type { Engine } from "@patchbay/transformer";
import { ensureDefined, PatchbayError, type Tensor, tensor } from "@patchbay/vocabulary";
import { gradientTimesInput, meanEmbedding } from "../gradients/token-attribution.ts";
import { metricValues } from "../metrics/metric-values.ts";
import type { ResolvedMetric } from "../metrics/resolve-metric.ts";
import type { WorkContext } from "../model-service.ts";
import { inputOf, type ModelParts } from "../run/model-parts.ts";
import { makeRecipe } from "../run/recipe.ts";
import { type NamedToken, resolveToken } from "../run/resolve-token.ts";
import { seededRandom, shuffle } from "../training/random.ts";
import { recordFrozenRun } from "./frozen-run.ts";
import { STORY_PROMPTS } from "./story-prompts.ts";
import { resolveTarget } from "./target.ts";
import { sharesOf } from "./token-shares.ts";

/** Shares deleted: 0, 1/20, … 1, of each prompt the nearest whole number of tokens. */
const STEPS = 20;
const DRAWS = 5;
/** Tokens that pass through the model at once. */
const TOKENS_AT_ONCE = 2048;

interface Prompt {
  readonly tokens: readonly number[];
  readonly described: readonly Token[];
  /** Positions that may be deleted: all but BOS. */
  readonly deletable: readonly number[];
  readonly token: NamedToken;
  readonly minus: NamedToken | undefined;
}

/** Probability and attributed metric at each share deleted. */
interface Descent {
  readonly probability: readonly number[];
  readonly metric: readonly number[];
}

/** @throws PatchbayError `invalid-request` for prompts with nothing to delete */
export async function deletionCurve(
  parts: ModelParts,
  request: DeletionCurveRequest,
  { signal, progress }: WorkContext,
): Promise<DeletionCurve> {
  const started = performance.now();
  const { engine } = parts;
  const contrast = request.contrast ?? "none";
  const baselineKind = request.baseline ?? "mean";
  const baseline =
    baselineKind === "mean" ? await meanEmbedding(engine, signal) : new Float32Array(engine.model.shape.residualWidth);
  const wanted = request.prompts ?? STORY_PROMPTS.map((text) => ({ text }));
  const random = seededRandom(request.seed ?? 0);
  const prompts: DeletionCurve["prompts"] = [];
  const curves = new Map<DeletionMethod, Descent[]>([
    ["decomposition", []],
    ["gradient-times-input", []],
    ["random", []],
  ]);
  for (const [i, given] of wanted.entries()) {
    const prompt = await preparePrompt(parts, given, contrast, `prompts/${i}`, signal);
    const decomposition = await decompositionOf(parts, prompt, signal);
    const gradient = [...(await gradientTimesInput(engine, prompt.tokens, metricOf(prompt), signal))];
    const orders = [
      fallingOrder(prompt.deletable, decomposition),
      fallingOrder(prompt.deletable, gradient),
      ...Array.from({ length: request.draws ?? DRAWS }, () => shuffle([...prompt.deletable], random)),
    ];
    const [byDecomposition, byGradient, ...byChance] = await descend(engine, prompt, orders, baseline, signal);
    const descents = {
      decomposition: ensureDefined(byDecomposition),
      "gradient-times-input": ensureDefined(byGradient),
      random: meanDescent(byChance),
    };
    for (const [method, list] of curves) list.push(descents[method]);
    prompts.push({
      tokens: [...prompt.described],
      token: prompt.token,
      ...(prompt.minus === undefined ? {} : { minus: prompt.minus }),
      probability: ensureDefined(byDecomposition?.probability[0]),
      decomposition,
      gradientTimesInput: gradient,
      areas: {
        decomposition: areaUnder(descents.decomposition.probability),
        gradientTimesInput: areaUnder(descents["gradient-times-input"].probability),
        random: areaUnder(descents.random.probability),
      },
    });
    progress?.((i + 1) / wanted.length, `${i + 1} of ${wanted.length} prompts`);
  }
  return {
    contrast,
    baseline: baselineKind,
    shares: Array.from({ length: STEPS + 1 }, (_, step) => step / STEPS),
    curves: [...curves].map(([method, list]) => {
      const { probability, metric } = meanDescent(list);
      const areas = { area: areaUnder(probability), metricArea: areaUnder(metric) };
      return { method, probability: [...probability], metric: [...metric], ...areas };
    }),
    prompts,
    wins: prompts.filter(({ areas }) => areas.decomposition < areas.gradientTimesInput).length,
    recipe: makeRecipe({
      model: parts.name,
      modelHash: engine.model.hash,
      runtime: parts.runtimeVersion,
      tokens: prompts.map(({ tokens }) => tokens.map(({ id }) => id)),
      bosPrepended: prompts.every(({ tokens }) => tokens[0]?.id === parts.tokenizer.bosToken),
      normalisation: "frozen norm scales",
      request,
    }),
    milliseconds: performance.now() - started,
  };
}

async function preparePrompt(
  parts: ModelParts,
  given: NonNullable<DeletionCurveRequest["prompts"]>[number],
  contrast: "none" | "runner-up",
  at: string,
  signal: AbortSignal,
): Promise<Prompt> {
  const { engine, tokenizer } = parts;
  const input = inputOf(parts, { text: given.text });
  const tokens = ensureDefined(input.tokens[0]);
  const first = input.bosPrepended ? 1 : 0;
  const deletable = Array.from({ length: input.length - first }, (_, i) => first + i);
  if (deletable.length === 0) {
    throw new PatchbayError("invalid-request", "There is nothing to delete.", { expected: "a word or more", at });
  }
  const { residual } = await engine.forward({ tokens: [tokens], signal });
  const last = input.length - 1;
  const width = engine.model.shape.residualWidth;
  const { topTokens } = await engine.unembed({
    residual: { ...residual, shape: [1, 1, width], data: residual.data.slice(last * width) },
    positions: [last],
    top: 2,
    signal,
  });
  const leaders = [...topTokens.data].map((id) => ({ id, text: tokenizer.textOf(id) }));
  const token = given.token === undefined ? leaders[0] : resolveToken(tokenizer, given.token, `${at}/token`);
  const chosen = ensureDefined(token, "leading token");
  const minus = contrast === "none" ? undefined : leaders.find(({ id }) => id !== chosen.id);
  return { tokens, described: ensureDefined(input.described[0]), deletable, token: chosen, minus };
}

function metricOf({ tokens, token, minus }: Prompt): Exclude<ResolvedMetric, { kind: "loss" }> {
  const position = tokens.length - 1;
  return minus === undefined
    ? { kind: "logit", token: token.id, position }
    : { kind: "logit-difference", token: token.id, minus: minus.id, position };
}

async function decompositionOf(parts: ModelParts, prompt: Prompt, signal: AbortSignal): Promise<number[]> {
  const run = await recordFrozenRun(parts.engine, prompt.tokens, signal);
  const { token, minus } = prompt;
  const target = await resolveTarget(
    parts,
    run,
    minus === undefined
      ? { kind: "logit", token: token.id }
      : { kind: "logit-difference", token: token.id, minus: minus.id },
    signal,
  );
  return (await sharesOf(parts.engine, run, target, signal)).tokenShares;
}

/** Positions by falling attribution; equal ones in order of position. */
export function fallingOrder(positions: readonly number[], attribution: readonly number[]): number[] {
  return [...positions].sort((a, b) => (attribution[b] ?? 0) - (attribution[a] ?? 0) || a - b);
}

/** One row for every share of every order. */
async function descend(
  engine: Engine,
  prompt: Prompt,
  orders: readonly (readonly number[])[],
  baseline: Float32Array,
  signal: AbortSignal,
): Promise<Descent[]> {
  const metric = metricOf(prompt);
  const steps = STEPS + 1;
  const count = (step: number) => Math.round((step / STEPS) * prompt.deletable.length);
  const rows = orders.flatMap((order) => Array.from({ length: steps }, (_, step) => order.slice(0, count(step))));
  const probability: number[] = [];
  const measured: number[] = [];
  const start = await engine.forward({
    tokens: [prompt.tokens],
    until: 0,
    reads: [{ site: { kind: "hook_embed" } }],
    signal,
  });
  const difference = ensureDefined(start.reads[0]).data.map((value, i) => (baseline[i % baseline.length] ?? 0) - value);
  const piece = Math.max(1, Math.floor(TOKENS_AT_ONCE / prompt.tokens.length));
  for (let from = 0; from < rows.length; from += piece) {
    const group = rows.slice(from, from + piece);
    const tokens = group.map(() => prompt.tokens);
    const stream = withDeletions(start.residual, difference, group);
    const { residual } = await engine.forward({ tokens, from: { layer: 0, residual: stream }, signal });
    const inputs = { residual, tokens };
    measured.push(...(await metricValues(engine, metric, inputs, signal)));
    const own: ResolvedMetric = { kind: "probability", token: prompt.token.id, position: metric.position };
    probability.push(...(await metricValues(engine, own, inputs, signal)));
  }
  return orders.map((_, o) => ({
    probability: probability.slice(o * steps, (o + 1) * steps),
    metric: measured.slice(o * steps, (o + 1) * steps),
  }));
}

/** The stream before block 0, [row, position, residual]: each row with its own positions' embeddings replaced. */
function withDeletions({ axes, shape, data }: Tensor, difference: Float32Array, rows: readonly (readonly number[])[]) {
  const [, positions = 0, width = 0] = shape;
  const result = new Float32Array(rows.length * data.length);
  for (const [row, deleted] of rows.entries()) {
    result.set(data, row * data.length);
    for (const position of deleted) {
      for (let i = position * width; i < (position + 1) * width; i++) {
        const at = row * data.length + i;
        result[at] = (result[at] ?? 0) + (difference[i] ?? 0);
      }
    }
  }
  return tensor(axes, [rows.length, positions, width], result);
}

function meanDescent(descents: readonly Descent[]): Descent {
  const mean = (name: keyof Descent) =>
    Array.from(
      { length: STEPS + 1 },
      (_, step) => descents.reduce((sum, descent) => sum + (descent[name][step] ?? 0), 0) / descents.length,
    );
  return { probability: mean("probability"), metric: mean("metric") };
}

/** Trapezoids over shares 0 to 1. */
export function areaUnder(values: readonly number[]): number {
  const ends = ((values[0] ?? 0) + (values.at(-1) ?? 0)) / 2;
  return (values.reduce((sum, value) => sum + value, 0) - ends) / (values.length - 1);
}
