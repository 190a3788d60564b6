/**
 * How well a circuit C stands for the model on a set of examples (Wang et al. 2022), exactly, by running every case:
 *   faithfulness   M(C): everything in the universe outside C ablated
 *   completeness   M(full∖C), and for random K ⊆ C: M(C∖K) beside M(full∖K)
 *   minimality     M(C∖{v}) − M(C) for each part v
 * and the same for random circuits of equal size.
 */
import type { Circuit, CircuitEvaluation, CircuitEvaluationRequest, CircuitNode } from "@patchbay/contract";
import { ensureDefined, PatchbayError } from "@patchbay/vocabulary";
import { describeMetric } from "../metrics/resolve-metric.ts";
import type { WorkContext } from "../model-service.ts";
import type { ModelParts } from "../run/model-parts.ts";
import { makeRecipe } from "../run/recipe.ts";
import { type Random, seededRandom } from "../training/random.ts";
import { firingFeatures } from "./ablation-values.ts";
import type { Arm } from "./arms.ts";
import { checkCircuit, nodeLabel } from "./circuit-nodes.ts";
import { type Baselines, meanInterval, meanOf, normalise, normalisedInterval, quantiles } from "./intervals.ts";
import { measureArms, type PreparedExample } from "./measure-arms.ts";
import { inlineCircuit, prepareEvaluation } from "./prepare-evaluation.ts";
import { drawCircuit, drawingPool } from "./random-circuits.ts";
import { countParts, describeUniverse, resolveUniverse, type Universe } from "./universe.ts";

const DEFAULTS = { subsets: 8, minimality: 128, random: 16, seed: 0 };
/** Runs of one prompt in an evaluation: an hour or so on a small model. */
const MOST_ROWS = 65_536;
const SHOWN_LABELS = 64;

/** Everything that is measured of each example: places in the list of arms. */
interface Plan {
  readonly arms: Arm[];
  readonly subsets: { readonly removed: number[]; readonly circuit: number; readonly model: number }[];
  readonly minimality: number[];
  readonly random: { readonly nodes: readonly CircuitNode[]; readonly circuit: number; readonly without: number }[];
}
const [FULL, EMPTY, CIRCUIT, WITHOUT] = [0, 1, 2, 3];

/**
 * @throws PatchbayError for parts, positions, tokens and dictionaries that do not exist; `invalid-request`; `values-do-not-fit`
 * where prompts do not line up; `request-too-large`; `cancelled`
 */
export async function evaluateCircuit(
  parts: ModelParts,
  request: CircuitEvaluationRequest,
  { signal, progress }: WorkContext,
): Promise<CircuitEvaluation> {
  const started = performance.now();
  const { engine, tokenizer } = parts;
  const circuit = inlineCircuit(request.circuit, "circuit");
  const { nodes } = circuit;
  checkParts(circuit, parts);
  const universe = await resolveUniverse(request, nodes, engine.model.shape, parts.dictionaries);
  const { examples, ablation, description } = await prepareEvaluation(parts, request, nodes, universe, signal);
  const seed = request.seed ?? DEFAULTS.seed;
  const random = seededRandom(seed);
  const plan = planArms(request, nodes, random);
  const pool = await poolOf(parts, universe, examples, signal);
  for (let draw = 0; nodes.length > 0 && draw < (request.random ?? DEFAULTS.random); draw++) {
    const drawn = drawCircuit(nodes, pool, random);
    plan.random.push({
      nodes: drawn,
      circuit: plan.arms.push({ mode: "keep", nodes: drawn }) - 1,
      without: plan.arms.push({ mode: "remove", nodes: drawn }) - 1,
    });
  }

  const total = plan.arms.length * examples.length;
  refuseTooMany(total);
  let rows = 0;
  const done = (count: number) => {
    rows += count;
    progress?.(rows / total, `${rows} of ${total} runs`);
  };
  const measured: number[][] = [];
  for (const example of examples) {
    measured.push(await measureArms({ engine, universe, signal, done }, example, plan.arms));
  }
  const of = (arm: number) => measured.map((values) => values[arm] ?? 0);
  const baselines = { full: of(FULL), empty: of(EMPTY) };
  const raw = (values: readonly number[]) => meanInterval(values, seed);
  const both = (arm: number) => ({ raw: raw(of(arm)), normalised: normalisedInterval(of(arm), baselines, seed) });
  const differences = (a: number, b: number) => of(a).map((value, i) => value - (of(b)[i] ?? 0));
  const range = meanOf(baselines.full) - meanOf(baselines.empty);

  const subsets = plan.subsets.map(({ removed, circuit: without, model }) => ({
    removed,
    circuit: meanOf(of(without)),
    model: meanOf(of(model)),
    difference: raw(differences(without, model)),
  }));
  return {
    circuit,
    labels: nodes.map(nodeLabel),
    universe: { description: describeUniverse(universe), parts: partCounts(universe, nodes, examples) },
    ablation: { how: ablation, errors: universe.dictionaries.length === 0 ? null : universe.errors, description },
    full: raw(baselines.full),
    empty: raw(baselines.empty),
    faithfulness: both(CIRCUIT),
    completeness: {
      without: both(WITHOUT),
      subsets,
      incompleteness: subsets.length === 0 ? null : Math.max(...subsets.map((each) => Math.abs(each.difference.mean))),
    },
    minimality: plan.minimality.map((arm, node) => {
      const change = raw(differences(arm, CIRCUIT));
      return {
        node,
        label: nodeLabel(ensureDefined(nodes[node])),
        change,
        normalised: range === 0 ? null : change.mean / range,
      };
    }),
    random: randomSummary(plan, of, baselines),
    examples: examples.map(({ input, metric }, i) => {
      const at = (arm: number) => measured[i]?.[arm] ?? 0;
      return {
        tokens: [...ensureDefined(input.described[0])],
        metric: describeMetric(tokenizer, metric),
        full: at(FULL),
        empty: at(EMPTY),
        circuit: at(CIRCUIT),
        without: at(WITHOUT),
        faithfulness: normalise(at(CIRCUIT), at(FULL), at(EMPTY)),
      };
    }),
    warnings: warningsOf(parts, circuit, plan, nodes),
    cost: { rows, seconds: (performance.now() - started) / 1000 },
    recipe: recipeOf(parts, { ...request, circuit }, universe, examples),
  };
}

function checkParts(circuit: Circuit, { engine }: ModelParts): void {
  try {
    checkCircuit(circuit, engine.model.shape);
  } catch (error) {
    throw error instanceof PatchbayError ? error.at("circuit") : error;
  }
}

function planArms(request: CircuitEvaluationRequest, nodes: readonly CircuitNode[], random: Random): Plan {
  const arms: Arm[] = [
    { mode: "remove", nodes: [] },
    { mode: "keep", nodes: [] },
    { mode: "keep", nodes },
    { mode: "remove", nodes },
  ];
  const add = (mode: Arm["mode"], chosen: readonly CircuitNode[]) => arms.push({ mode, nodes: chosen }) - 1;
  const subsets = randomSubsets(nodes.length, request.subsets ?? DEFAULTS.subsets, random).map((removed) => ({
    removed,
    circuit: add(
      "keep",
      nodes.filter((_, i) => !removed.includes(i)),
    ),
    model: add(
      "remove",
      nodes.filter((_, i) => removed.includes(i)),
    ),
  }));
  const tested = nodes.slice(0, request.minimality ?? DEFAULTS.minimality);
  const minimality = tested.map((_, node) =>
    add(
      "keep",
      nodes.filter((_, i) => i !== node),
    ),
  );
  return { arms, subsets, minimality, random: [] };
}

/** Different ones, each node in with probability ½; none is empty. Fewer where there are not as many. */
function randomSubsets(count: number, wanted: number, random: Random): number[][] {
  const found = new Map<string, number[]>();
  for (let attempt = 0; count > 0 && found.size < wanted && attempt < 4 * wanted; attempt++) {
    const subset = Array.from({ length: count }, (_, i) => i).filter(() => random.uniform() < 0.5);
    if (subset.length > 0) found.set(subset.join(), subset);
  }
  return [...found.values()];
}

async function poolOf(
  { engine }: ModelParts,
  universe: Universe,
  examples: readonly PreparedExample[],
  signal: AbortSignal,
) {
  const firing = universe.dictionaries.map(() => new Set<number>());
  for (const { input } of examples) {
    const found = await firingFeatures(engine, universe, input, signal);
    found.forEach((features, d) => {
      for (const feature of features) firing[d]?.add(feature);
    });
  }
  const shortest = Math.min(...examples.map(({ input }) => input.length));
  const first = Math.max(...examples.map(({ extent }) => extent.first));
  const positions = Array.from({ length: Math.max(0, shortest - first) }, (_, i) => first + i);
  return drawingPool(universe, engine.model.shape, firing, positions);
}

function refuseTooMany(rows: number): void {
  if (rows <= MOST_ROWS) return;
  throw new PatchbayError("request-too-large", "The evaluation is too many runs.", {
    expected: `at most ${MOST_ROWS.toLocaleString("en")} runs`,
    received: rows.toLocaleString("en"),
    advice: "Take fewer examples, subsets, minimality tests or random circuits.",
  });
}

function partCounts(universe: Universe, nodes: readonly CircuitNode[], examples: readonly PreparedExample[]) {
  return countParts(universe, examples[0]?.input.length ?? 0).map((part) => ({
    ...part,
    inCircuit: nodes.filter(
      (node) =>
        node.kind === part.kind &&
        (node.kind !== "feature" || !("dictionary" in part) || node.dictionary === part.dictionary),
    ).length,
  }));
}

function randomSummary(
  plan: Plan,
  of: (arm: number) => number[],
  { full, empty }: Baselines,
): CircuitEvaluation["random"] {
  if (plan.random.length === 0) return null;
  const whole = meanOf(full);
  const draws = plan.random.map(({ nodes, circuit, without }) => ({
    labels: nodes.slice(0, SHOWN_LABELS).map(nodeLabel),
    circuit: meanOf(of(circuit)),
    faithfulness: normalise(meanOf(of(circuit)), whole, meanOf(empty)),
    without: meanOf(of(without)),
  }));
  const distance = (value: number) => Math.abs(value - whole);
  const summary = (values: readonly number[]) => ({ mean: meanOf(values), ...quantiles(values) });
  const faithfulness = draws.flatMap((draw) => draw.faithfulness ?? []);
  return {
    description:
      "Parts of the same kinds and numbers at the same positions, drawn from the universe; features among those that fire on the examples.",
    draws,
    faithfulness: faithfulness.length === 0 ? null : summary(faithfulness),
    without: summary(draws.map(({ without }) => without)),
    asFaithful: draws.filter(({ circuit }) => distance(circuit) <= distance(meanOf(of(CIRCUIT)))).length,
    asDamaging: draws.filter(({ without }) => distance(without) >= distance(meanOf(of(WITHOUT)))).length,
  };
}

function warningsOf(parts: ModelParts, circuit: Circuit, plan: Plan, nodes: readonly CircuitNode[]): string[] {
  const warnings: string[] = [];
  if (circuit.modelHash !== undefined && circuit.modelHash !== parts.engine.model.hash) {
    warnings.push(`The circuit was made on other weights (${circuit.model}) than those it was tested on.`);
  }
  if (nodes.length > plan.minimality.length) {
    warnings.push(`Minimality was tested for the first ${plan.minimality.length} of ${nodes.length} nodes.`);
  }
  const fewest = Math.min(nodes.length, ...plan.random.map((draw) => draw.nodes.length));
  if (fewest < nodes.length) {
    warnings.push(`Random circuits have ${fewest} parts: no more fire on the examples, or exist.`);
  }
  return warnings;
}

function recipeOf(
  parts: ModelParts,
  request: CircuitEvaluationRequest,
  { dictionaries }: Universe,
  examples: readonly PreparedExample[],
) {
  return makeRecipe({
    model: parts.name,
    modelHash: parts.engine.model.hash,
    runtime: parts.runtimeVersion,
    tokens: examples.flatMap(({ input }) => input.tokens),
    bosPrepended: examples.every(({ input }) => input.bosPrepended),
    normalisation: "final norm",
    ...(dictionaries.length === 0
      ? {}
      : {
          dictionaries: Object.fromEntries(
            dictionaries.map(({ dictionary }) => [dictionary.spec.name, dictionary.hash]),
          ),
        }),
    request: {
      ...request,
      examples: examples.map(({ given, input }) => ({ ...given, input: { tokens: input.tokens } })),
    },
  });
}
