/** Edges by estimated effect, checked exactly, and the circuits that they make. */
import type {
  EdgeAttribution,
  EdgeAttributionRequest,
  EdgeCircuitRequest,
  EdgeCircuitResult,
  Metric,
  Token,
} from "@patchbay/contract";
import { ensureDefined, PatchbayError } from "@patchbay/vocabulary";
import { onlyRow } from "../gradients/token-attribution.ts";
import { topAndRandom, verificationOf } from "../gradients/verification.ts";
import { describeMetric, resolveMetric } from "../metrics/resolve-metric.ts";
import type { WorkContext } from "../model-service.ts";
import { inputOf, type ModelParts, recipeOf } from "../run/model-parts.ts";
import type { ResolvedInput } from "../run/resolve-input.ts";
import { shortFloat } from "../run/tensor-json.ts";
import { seededRandom } from "../training/random.ts";
import { type PairRun, type PromptPair, runPair } from "./component-run.ts";
import { type EdgeLayout, edgeLayout, edgeName, edgeReader } from "./edge-nodes.ts";
import { edgeScores } from "./edge-scores.ts";
import { edgeSet, evaluateEdges } from "./evaluate-edges.ts";
import { type ExactEdge, exactEdgeChanges } from "./exact-edges.ts";
import { connectedEdges, greedyEdges, nodesOf, rankEdges, type ScoredEdge, topEdges } from "./select-edges.ts";

const DEFAULT_STEPS = 5;
const DEFAULT_TOP = 500;
const MOST_NAMES = 2000;

interface ResolvedPair extends PromptPair {
  readonly input: ResolvedInput;
  readonly described: { readonly clean: Token[]; readonly corrupted: Token[] };
}

type Prompts = Pick<EdgeAttributionRequest, "input" | "corrupted" | "examples" | "metric">;

/**
 * @throws PatchbayError `values-do-not-fit` for prompts of different length, `invalid-request` for batches and for positions
 *   that the prompts do not share; the codes of tokens and positions for the metric; `cancelled`
 */
export async function edgeAttribution(
  parts: ModelParts,
  request: EdgeAttributionRequest,
  { signal, progress }: WorkContext,
): Promise<EdgeAttribution> {
  const started = performance.now();
  const { engine } = parts;
  const { method = "integrated-gradients", steps = DEFAULT_STEPS, byPosition = false, circuits = [] } = request;
  const pairs = resolvePairs(parts, request);
  const [first] = pairs;
  const positions = first?.clean.length ?? 0;
  if (byPosition && pairs.some(({ clean }) => clean.length !== positions)) {
    throw new PatchbayError("invalid-request", "Scores by position need prompts of one length.", {
      expected: `${positions} tokens in every prompt`,
      received: pairs.map(({ clean }) => clean.length).join(", "),
      at: "byPosition",
    });
  }
  const layout = edgeLayout(engine.model.shape);
  const runs: PairRun[] = [];
  const sums = layout.destinations.map(({ sources }) => new Float64Array(sources * (byPosition ? positions : 1)));
  let backwardRows = 0;
  const verify = request.verify ?? 0;
  const phases = pairs.length + (verify > 0 ? 1 : 0) + (circuits.length > 0 ? 1 : 0);
  for (const pair of pairs) {
    const run = await runPair(engine, layout, pair, signal);
    runs.push(run);
    const scores = await edgeScores(engine, layout, run, { method, steps, byPosition }, signal);
    backwardRows += scores.backwardRows;
    scores.byDestination.forEach((own, destination) => {
      const sum = ensureDefined(sums[destination]);
      for (let i = 0; i < own.length; i++) sum[i] = (sum[i] ?? 0) + (own[i] ?? 0) / pairs.length;
    });
    progress?.(runs.length / phases, `gradients of prompt ${runs.length} of ${pairs.length}`);
  }
  const ranked: readonly (ScoredEdge & ExactEdge)[] = byPosition
    ? rankByPosition(layout, sums, positions)
    : rankEdges(layout, sums);
  let forwardRows = 2 * pairs.length + backwardRows;

  let verification: EdgeAttribution["verification"] = null;
  if (verify > 0) {
    const random = seededRandom(request.seed ?? 0);
    const picks = topAndRandom(ranked.length, verify, random.uniform);
    const chosen = picks.map(({ index }) => ensureDefined(ranked[index]));
    const exact = new Float64Array(chosen.length);
    for (const run of runs) {
      const changes = await exactEdgeChanges(engine, layout, run, chosen, signal);
      changes.forEach((change, i) => {
        exact[i] = (exact[i] ?? 0) + change / runs.length;
      });
    }
    forwardRows += chosen.length * runs.length;
    verification = verificationOf(
      picks.map((pick, i) => {
        const edge = ensureDefined(chosen[i]);
        return {
          label: edgeName(layout, edge) + (edge.position === undefined ? "" : ` @${edge.position}`),
          approximate: edge.score,
          exact: exact[i] ?? 0,
          random: pick.random,
        };
      }),
    );
    progress?.((runs.length + 1) / phases, `${chosen.length} edges run exactly`);
  }

  const baselines = baselinesOf(runs);
  const selected = byPosition ? rankEdges(layout, sumOverPositions(layout, sums)) : ranked;
  const chosenCircuits = circuits.map((count) => {
    const edges = request.selection === "top" ? topEdges(selected, count) : greedyEdges(layout, selected, count);
    return { requested: count, edges: connectedEdges(layout, edges) };
  });
  const sets = chosenCircuits.map(({ edges }) => edgeSet(layout, edges));
  const values = await meanMetrics(parts, layout, runs, sets, signal);
  forwardRows += sets.length * runs.length;
  const listed = ranked.slice(0, request.top ?? DEFAULT_TOP);
  return {
    nodes: [...layout.nodes],
    edges: {
      source: listed.map(({ source }) => source),
      target: listed.map(({ destination }) => ensureDefined(layout.destinations[destination]).node),
      input: listed.map(({ destination }) => ensureDefined(layout.destinations[destination]).input),
      ...(byPosition ? { position: listed.map(({ position = 0 }) => position) } : {}),
      score: listed.map(({ score }) => shortFloat(score)),
    },
    total: layout.edges,
    baselines,
    tokens: ensureDefined(first).described,
    verification,
    circuits: chosenCircuits.map(({ requested, edges }, i) => ({
      requested,
      edges: edges.length,
      nodes: nodesOf(layout, edges),
      names: edges.length > MOST_NAMES ? [] : edges.map((edge) => edgeName(layout, edge)),
      metric: values[i] ?? 0,
      faithfulness: faithfulness(values[i] ?? 0, baselines),
    })),
    cost: { forwardRows, backwardRows, seconds: (performance.now() - started) / 1000 },
    recipe: await recipeFor(parts, ensureDefined(first), request),
  };
}

/** Circuits that are given, evaluated. @throws PatchbayError `not-found` for edges that the model lacks; see above */
export async function edgeCircuits(
  parts: ModelParts,
  request: EdgeCircuitRequest,
  { signal, progress }: WorkContext,
): Promise<EdgeCircuitResult> {
  const { engine } = parts;
  const pairs = resolvePairs(parts, request);
  const layout = edgeLayout(engine.model.shape);
  const read = edgeReader(layout);
  const sets = request.circuits.map(({ edges }, c) =>
    edgeSet(
      layout,
      edges.map((name, i) => read(name, `circuits/${c}/edges/${i}`)),
    ),
  );
  const runs: PairRun[] = [];
  const metrics = sets.map((): number[] => []);
  for (const pair of pairs) {
    const run = await runPair(engine, layout, pair, signal);
    runs.push(run);
    const values = await evaluateEdges(engine, layout, run, sets, signal, (done) =>
      progress?.((runs.length - 1 + done / sets.length) / pairs.length, `prompt ${runs.length} of ${pairs.length}`),
    );
    values.forEach((value, i) => {
      metrics[i]?.push(value);
    });
  }
  const baselines = baselinesOf(runs);
  return {
    baselines,
    circuits: request.circuits.map(({ name }, i) => {
      const own = metrics[i] ?? [];
      const metric = own.reduce((sum, value) => sum + value, 0) / own.length;
      const edges = (sets[i] ?? []).reduce((sum, { size }) => sum + size, 0);
      return { name, edges, metric, metrics: own, faithfulness: faithfulness(metric, baselines) };
    }),
    recipe: await recipeFor(parts, ensureDefined(pairs[0]), request),
  };
}

function resolvePairs(parts: ModelParts, { input, corrupted, examples = [], metric }: Prompts): ResolvedPair[] {
  const given = [
    { input, corrupted, metric, at: "" },
    ...examples.map((example, i) => ({ metric, ...example, at: `examples/${i}` })),
  ];
  return given.map((each) => {
    try {
      return resolvePair(parts, { ...each, metric: each.metric ?? metric });
    } catch (error) {
      throw error instanceof PatchbayError && each.at !== "" ? error.at(each.at) : error;
    }
  });
}

function resolvePair(
  parts: ModelParts,
  { input, corrupted, metric }: { input: Prompts["input"]; corrupted: Prompts["corrupted"]; metric: Metric },
): ResolvedPair {
  const [clean, other] = [inputOf(parts, input), inputOf(parts, corrupted)];
  const pair = { clean: onlyRow(clean, "input"), corrupted: onlyRow(other, "corrupted") };
  if (pair.clean.length !== pair.corrupted.length) {
    throw new PatchbayError("values-do-not-fit", "The two prompts have different numbers of tokens.", {
      expected: `${pair.clean.length} tokens`,
      received: `${pair.corrupted.length} tokens`,
      advice: "Edges carry values position by position: choose a corrupted prompt that lines up, token by token.",
      at: "corrupted",
    });
  }
  return {
    ...pair,
    metric: resolveMetric(parts, metric, clean),
    input: clean,
    described: { clean: ensureDefined(clean.described[0]), corrupted: ensureDefined(other.described[0]) },
  };
}

function baselinesOf(runs: readonly PairRun[]) {
  const mean = (of: (run: PairRun) => number) => runs.reduce((sum, run) => sum + of(run), 0) / runs.length;
  return { clean: mean(({ clean }) => clean.metric), corrupted: mean(({ corrupted }) => corrupted.metric) };
}

function faithfulness(value: number, { clean, corrupted }: { clean: number; corrupted: number }): number | null {
  return clean === corrupted ? null : (value - corrupted) / (clean - corrupted);
}

async function meanMetrics(
  { engine }: ModelParts,
  layout: EdgeLayout,
  runs: readonly PairRun[],
  sets: readonly ReturnType<typeof edgeSet>[],
  signal: AbortSignal,
): Promise<Float64Array> {
  const means = new Float64Array(sets.length);
  if (sets.length === 0) return means;
  for (const run of runs) {
    const values = await evaluateEdges(engine, layout, run, sets, signal);
    values.forEach((value, i) => {
      means[i] = (means[i] ?? 0) + value / runs.length;
    });
  }
  return means;
}

/** Edges at positions, by falling |score|. `sums` hold [position × source]. */
function rankByPosition(
  { destinations }: EdgeLayout,
  sums: readonly Float64Array[],
  positions: number,
): (ScoredEdge & ExactEdge)[] {
  const edges = destinations.flatMap(({ sources }, destination) =>
    Array.from({ length: sources * positions }, (_, i) => ({
      source: i % sources,
      destination,
      position: Math.floor(i / sources),
      score: sums[destination]?.[i] ?? 0,
    })),
  );
  return edges.sort((a, b) => Math.abs(b.score) - Math.abs(a.score));
}

function sumOverPositions({ destinations }: EdgeLayout, sums: readonly Float64Array[]): Float64Array[] {
  return destinations.map(({ sources }, destination) => {
    const total = new Float64Array(sources);
    sums[destination]?.forEach((value, i) => {
      total[i % sources] = (total[i % sources] ?? 0) + value;
    });
    return total;
  });
}

function recipeFor(parts: ModelParts, { input, metric }: ResolvedPair, request: object) {
  return recipeOf(parts, input, describeMetric(parts.tokenizer, metric), request);
}
