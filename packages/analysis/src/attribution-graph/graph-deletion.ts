/**
 * Deletion curve (the test of Dunefsky et al. 2024): the answer without the graph's first k features, and without k random
 * active features, as many of each layer. What the graph names must matter more.
 */
import type { GraphDeletionRequest, GraphDeletionResult, GraphNodeReference } from "@patchbay/contract";
import { ensureDefined } from "@patchbay/vocabulary";
import type { WorkContext } from "../model-service.ts";
import { seededRandom } from "../training/random.ts";
import { DEFAULT_EDGE_SHARE } from "./attribution-graph.ts";
import { AttributionRows } from "./attribution-rows.ts";
import { type ChangedAnswer, readChangedAnswers } from "./changed-answer.ts";
import { type NodeChange, runChanged, variantsAtOnce } from "./changed-run.ts";
import { nodePlace } from "./graph-intervention.ts";
import { type GraphQuestion, openQuestion, recipeOfQuestion } from "./graph-question.ts";
import { probabilityOf } from "./graph-targets.ts";
import { cellOf, columnOf } from "./recorded-run.ts";
import type { GraphParts } from "./replacement-model.ts";
import { partialInfluence, selectFeatures } from "./select-features.ts";
import type { SparseRow } from "./sparse-rows.ts";

const DEFAULT_STEPS = [1, 2, 5, 10, 20, 50, 100, 200];
const DEFAULT_DRAWS = 10;
/** Features whose influence is looked at for an order: far more than any step removes. */
const RANKED_FEATURES = 2048;

interface Ranked {
  readonly column: number;
  readonly score: number;
}

export async function graphDeletion(
  parts: GraphParts,
  request: GraphDeletionRequest,
  { signal, progress }: WorkContext,
): Promise<GraphDeletionResult> {
  const question = await openQuestion(parts, request, signal);
  const { targets, answer } = question;
  const draws = request.draws ?? DEFAULT_DRAWS;
  const seed = request.seed ?? 0;
  const attention = request.attention ?? "freeze";
  progress?.(0.05, "ranking features");
  const ranked = await rankedFeatures(parts, question, request.order ?? "effect", signal);
  const steps = stepsUpTo(request.steps ?? DEFAULT_STEPS, ranked.length);
  const random = seededRandom(seed);
  const sets = steps.flatMap((count) => {
    const top = ranked.slice(0, count).map(({ column }) => column);
    return [top, ...Array.from({ length: draws }, () => likeSet(question, top, random))];
  });
  const answers = await answersWithout(parts, question, sets, attention, signal, (done) =>
    progress?.(0.3 + (0.7 * done) / sets.length, `run ${done} of ${sets.length}`),
  );
  const target = ensureDefined(targets[0]);
  const removed = ranked.slice(0, steps.at(-1) ?? 0);
  return {
    target: { label: target.label, before: target.value, probability: probabilityOf(answer, target.tokenId) },
    order: removed.map(({ column, score }) => ({ ...referenceOf(question, column), score })),
    points: steps.map((count, i) => {
      const [top, ...others] = answers.slice(i * (draws + 1), (i + 1) * (draws + 1));
      const values = others.map((each) => ensureDefined(each.values[0]));
      return {
        removed: count,
        value: ensureDefined(top?.values[0]),
        probability: ensureDefined(top?.probabilities[0]),
        random: {
          mean: meanOfList(values),
          low: Math.min(...values),
          high: Math.max(...values),
          probability: meanOfList(others.map((each) => ensureDefined(each.probabilities[0]))),
        },
      };
    }),
    draws,
    seed,
    attention,
    recipe: recipeOfQuestion(parts, question, request),
  };
}

/** Rising, without repetition, and none beyond the features that there are. */
function stepsUpTo(steps: readonly number[], most: number): number[] {
  return [...new Set(steps.map((step) => Math.min(step, most)))].filter((step) => step > 0).sort((a, b) => a - b);
}

async function rankedFeatures(
  { engine }: GraphParts,
  question: GraphQuestion,
  order: NonNullable<GraphDeletionRequest["order"]>,
  signal: AbortSignal,
): Promise<Ranked[]> {
  const { run, replacement, targets } = question;
  if (Array.isArray(order)) {
    return order.map((node, i) => {
      const { layer, position, feature } = nodePlace(question, { ...node, kind: "feature" }, `order/${i}`);
      return { column: ensureDefined(columnOf(run.features, layer, position, feature)), score: order.length - i };
    });
  }
  const rows = new AttributionRows(engine, replacement, run, signal);
  const direct = await rows.ofStream(targets);
  const weights = targets.map(({ weight }) => weight);
  if (order === "attribution") {
    const scores = Float64Array.from({ length: run.features.count }, (_, column) =>
      weights.reduce(
        (sum, weight, t) => sum + weight * Math.abs(direct.values[t * rows.layout.length + column] ?? 0),
        0,
      ),
    );
    return ranking(scores);
  }
  const { targetRows, featureRows } = await selectFeatures(rows, direct, weights, {
    budget: RANKED_FEATURES,
    edgeShare: DEFAULT_EDGE_SHARE,
    signal,
    progress: () => undefined,
  });
  const scores =
    order === "effect"
      ? totalEffect(run.features.values, ensureDefined(targetRows[0]), featureRows)
      : partialInfluence(rows.layout, targetRows, weights, featureRows);
  return ranking(scores.subarray(0, run.features.count));
}

/**
 * What each feature adds to the first target along all paths, if everything above follows linearly: edge to the target, plus
 * edge to each feature above × what that one adds per unit of its activation. In one sweep downward.
 */
function totalEffect(
  activations: Float32Array,
  targetRow: SparseRow,
  featureRows: ReadonlyMap<number, SparseRow>,
): Float64Array {
  const effect = new Float64Array(activations.length);
  const pass = ({ columns, weights }: SparseRow, amount: number) => {
    for (const [i, column] of columns.entries()) {
      if (column < effect.length) effect[column] = (effect[column] ?? 0) + amount * (weights[i] ?? 0);
    }
  };
  pass(targetRow, 1);
  for (let column = effect.length - 1; column >= 0; column--) {
    const row = featureRows.get(column);
    const activation = activations[column] ?? 0;
    if (row !== undefined && activation !== 0) pass(row, (effect[column] ?? 0) / activation);
  }
  return effect;
}

/** Those with a score above 0, from the largest down; equal ones by their place. */
function ranking(scores: Float64Array): Ranked[] {
  return Array.from(scores, (score, column) => ({ column, score }))
    .filter(({ score }) => score > 0)
    .sort((a, b) => b.score - a.score || a.column - b.column);
}

/** As many random active features of each layer as the set has. */
function likeSet(
  { run }: GraphQuestion,
  columns: readonly number[],
  random: { integer(below: number): number },
): number[] {
  const { features, positions } = run;
  const counts = new Map<number, number>();
  for (const column of columns) {
    const layer = Math.floor(cellOf(features, column) / positions);
    counts.set(layer, (counts.get(layer) ?? 0) + 1);
  }
  return [...counts].flatMap(([layer, count]) => {
    const first = features.starts[layer * positions] ?? 0;
    const active = (features.starts[(layer + 1) * positions] ?? 0) - first;
    const drawn = new Set<number>();
    // Floyd's sampling without replacement: each set of `count` equally likely.
    for (let last = active - count; last < active; last++) {
      const candidate = random.integer(last + 1);
      drawn.add(drawn.has(candidate) ? last : candidate);
    }
    return [...drawn].map((place) => first + place);
  });
}

async function answersWithout(
  { engine }: GraphParts,
  question: GraphQuestion,
  sets: readonly (readonly number[])[],
  attention: "freeze" | "recompute",
  signal: AbortSignal,
  progress: (done: number) => void,
): Promise<ChangedAnswer[]> {
  const { run, replacement } = question;
  const answers: ChangedAnswer[] = [];
  const size = variantsAtOnce(run.positions);
  for (let start = 0; start < sets.length; start += size) {
    const variants = sets
      .slice(start, start + size)
      .map((columns) => columns.map((column) => removal(question, column)));
    const options = { attention, downstream: "recompute", signal } as const;
    const changed = await runChanged(engine, replacement, run, variants, options);
    answers.push(...(await readChangedAnswers(engine, question, changed, "recompute", signal)));
    progress(answers.length);
  }
  return answers;
}

function removal({ run }: GraphQuestion, column: number): NodeChange {
  const cell = cellOf(run.features, column);
  const layer = Math.floor(cell / run.positions);
  const feature = run.features.features[column] ?? 0;
  return { kind: "feature", layer, position: cell % run.positions, feature, scale: 0, offset: 0 };
}

function referenceOf(question: GraphQuestion, column: number): GraphNodeReference {
  const { layer, position, feature } = removal(question, column);
  const dictionary = ensureDefined(question.replacement.layers[layer]).dictionary.spec.name;
  return { kind: "feature", layer, position, dictionary, unit: feature };
}

function meanOfList(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
