/** The attribution graph of one prompt: one pass, rows by batches, influence, pruning, and the document. */
import {
  type CircuitGraph,
  type CircuitNode,
  conventionalNodeIds,
  cumulativeInfluence,
  EMPTY_VIEW,
  type GraphScores,
  graphScores,
  influenceOf,
  type NodeKind,
  pruneGraph,
  type ScoringIndex,
} from "@patchbay/circuit-graph";
import type { GraphRequest, GraphResult } from "@patchbay/contract";
import { ensureDefined, PatchbayError } from "@patchbay/vocabulary";
import type { WorkContext } from "../model-service.ts";
import { sha256 } from "../run/recipe.ts";
import { AttributionRows } from "./attribution-rows.ts";
import { type GraphQuestion, openQuestion, recipeOfQuestion } from "./graph-question.ts";
import type { ResolvedTarget } from "./graph-targets.ts";
import { type ActiveFeatures, cellOf, type RecordedRun } from "./recorded-run.ts";
import { type GraphParts, type ReplacementModel, skipsFirst } from "./replacement-model.ts";
import { type NodeRow, scoringIndexOf } from "./scoring-rows.ts";
import { type SelectedRows, selectFeatures } from "./select-features.ts";
import { bytesOf, restrictRow, type SparseRow } from "./sparse-rows.ts";
import { weightFactors } from "./weight-factors.ts";

const DEFAULT_BUDGET = 7500;
export const DEFAULT_EDGE_SHARE = 0.98;
const DEFAULT_NODE_SHARE = 0.8;
const DEFAULT_PRUNED_EDGES = 0.98;
/** A document with more edges would be hundreds of megabytes of text. */
const MOST_EDGES = 2_000_000;

/** @throws PatchbayError what resolving the request throws; `result-too-large` for more edges than a document holds. */
export async function attributionGraph(
  parts: GraphParts,
  request: GraphRequest,
  context: WorkContext,
): Promise<GraphResult> {
  const { signal, progress } = context;
  const phases = new Phases();
  progress?.(0, "reading the model");
  const question = await phases.time("pass", () => openQuestion(parts, request, signal));
  const { replacement, run, targets } = question;
  const rows = new AttributionRows(parts.engine, replacement, run, signal);
  const edgeShare = request.edgeShare ?? DEFAULT_EDGE_SHARE;
  const selected = await phases.time("rows", async () => {
    const direct = await rows.ofStream(targets);
    return selectFeatures(
      rows,
      direct,
      targets.map(({ weight }) => weight),
      {
        budget: request.features ?? DEFAULT_BUDGET,
        edgeShare,
        signal,
        progress: (done, of) => progress?.(0.05 + (0.85 * done) / of, `row ${done} of ${of}`),
      },
    );
  });
  progress?.(0.9, "pruning");
  const selectedFeatures = selected.featureRows.size;
  const residual = largestResidual(run, targets, selected);
  const heldBytes = [...selected.featureRows.values()].reduce((sum, row) => sum + bytesOf(row), 0);
  const unpruned = await phases.time("influence", async () => assemble(replacement, run, selected, targets));
  // The edges are in the index now; a long prompt's rows are not held twice.
  selected.featureRows.clear();
  const exact = selected.influence === undefined ? undefined : ofNodes(selected.influence, unpruned, run);
  const influence = exact ?? influenceOf(unpruned.index);
  const scores = exact === undefined ? graphScores(unpruned.index) : exactScores(unpruned.index, exact);
  const pruned = await phases.time("pruning", async () =>
    pruneGraph(unpruned.index, thresholdsOf(request), { influence }),
  );
  const edges = edgesOf(unpruned.index, pruned);
  const nodes = describeNodes(question, unpruned, influence).map((node, place) => ({ node, place }));
  const kept = nodes.filter(({ place }) => pruned.nodes[place] === 1);
  const placeOf = new Map(kept.map(({ place }, i) => [place, i]));
  progress?.(0.95, "weight factors");
  const document = { nodes: kept.map(({ node }) => node), edges: renumbered(edges, placeOf) };
  const factors = await phases.time("weight factors", () =>
    weightFactors(parts.engine, replacement, document, targets, question.answer.scale, signal),
  );
  const recipe = recipeOfQuestion(parts, question, request);
  const graph: CircuitGraph = {
    format: "patchbay-graph",
    version: 1,
    ...titleOf(parts, question, recipe.hash),
    tokens: question.described.map(({ id, text }) => ({ id, text })),
    model: { name: parts.name, hash: parts.engine.model.hash, layers: replacement.shape.layers },
    dictionaries: replacement.layers.flatMap((layer) =>
      layer === undefined ? [] : [{ name: layer.dictionary.spec.name, hash: layer.dictionary.hash }],
    ),
    origin: { generator: "Patchbay", recipe: recipe.hash, edgeShare, budget: request.features ?? DEFAULT_BUDGET },
    nodes: document.nodes,
    edges: { ...document.edges, factor: factors.values },
    scores,
    view: { ...EMPTY_VIEW, thresholds: thresholdsOf(request) },
    foreign: null,
  };
  progress?.(1, "done");
  return {
    graph: graph as GraphResult["graph"],
    factorPaths: factors.paths,
    scores,
    facts: {
      tokens: run.positions,
      activeFeatures: run.features.count,
      selectedFeatures,
      unpruned: { nodes: unpruned.index.edges.nodeCount, edges: unpruned.index.edges.edgeCount },
      kept: { nodes: kept.length, edges: document.edges.source.length },
      leftOutShare: leftOut(unpruned),
      largestResidual: residual,
      errorOnlyLayers: replacement.layers.flatMap((layer, i) => (layer === undefined ? [i] : [])),
      phases: phases.list,
      peakBytes: rows.peakBytes + heldBytes + recordedBytes(run) + 40 * unpruned.index.edges.edgeCount,
    },
    recipe,
  };
}

/** Seconds by phase. */
class Phases {
  readonly list: { name: string; seconds: number }[] = [];

  async time<Value>(name: string, work: () => Promise<Value>): Promise<Value> {
    const started = performance.now();
    const value = await work();
    this.list.push({ name, seconds: Math.round(performance.now() - started) / 1000 });
    return value;
  }
}

function thresholdsOf({ prune }: GraphRequest): { node: number | null; edge: number | null } {
  if (prune === null) return { node: null, edge: null };
  return { node: prune?.nodes ?? DEFAULT_NODE_SHARE, edge: prune?.edges ?? DEFAULT_PRUNED_EDGES };
}

/** Nodes before pruning: selected features, errors that exist, tokens, logits. */
interface Unpruned {
  /** Columns of the selected features, rising: the first nodes. */
  readonly columns: Int32Array;
  /** Cells of the errors. */
  readonly errors: readonly number[];
  /** By node that reads: Σ |weight| of its whole row, and the biases' part. */
  readonly sums: ReadonlyMap<number, { readonly inputSum: number; readonly bias: number }>;
  readonly index: ScoringIndex;
}

function assemble(
  replacement: ReplacementModel,
  run: RecordedRun,
  { featureRows, targetRows }: SelectedRows,
  targets: readonly ResolvedTarget[],
): Unpruned {
  const { features: active, positions, layers } = run;
  const columns = Int32Array.from(featureRows.keys()).sort();
  const errors = layers.flatMap((_, layer) =>
    Array.from({ length: positions }, (_, position) => position)
      .filter((position) => position > 0 || !skipsFirst(replacement.layers[layer]))
      .map((position) => layer * positions + position),
  );
  const places = new Int32Array(active.count + layers.length * positions + positions).fill(-1);
  let node = 0;
  for (const column of columns) places[column] = node++;
  for (const cell of errors) places[active.count + cell] = node++;
  for (let position = 0; position < positions; position++) {
    places[active.count + layers.length * positions + position] = node++;
  }
  const firstTarget = node;
  const kinds: NodeKind[] = [
    ...Array<NodeKind>(columns.length).fill("feature"),
    ...Array<NodeKind>(errors.length).fill("error"),
    ...Array<NodeKind>(positions).fill("token"),
    ...Array<NodeKind>(targets.length).fill("logit"),
  ];
  const start = new Float64Array(kinds.length);
  targets.forEach(({ weight }, t) => {
    start[firstTarget + t] = weight;
  });
  const rows: NodeRow[] = [
    ...Array.from(columns, (column, i) => ({
      node: i,
      row: restrictRow(ensureDefined(featureRows.get(column)), places),
    })),
    ...targetRows.map((row, t) => ({ node: firstTarget + t, row: restrictRow(row, places) })),
  ];
  const index = scoringIndexOf(kinds, rows, start);
  const sums = new Map(rows.map(({ node, row: { inputSum, bias } }) => [node, { inputSum, bias }]));
  return { columns, errors, sums, index };
}

/** Influence of columns → of nodes. */
function ofNodes(influence: Float64Array, { columns, errors, index }: Unpruned, run: RecordedRun): Float64Array {
  const { count, positions } = run.features;
  const tokens = count + run.layers.length * positions;
  const places = [
    ...columns,
    ...errors.map((cell) => count + cell),
    ...Array.from({ length: positions }, (_, position) => tokens + position),
  ];
  return Float64Array.from({ length: index.edges.nodeCount }, (_, node) => influence[places[node] ?? -1] ?? 0);
}

/**
 * The published scores from exact influence I: replacement = I(tokens) / (I(tokens) + I(errors)). Completeness, the mean of
 * 1 − error share of each node's inputs weighted by I + w, is 1 − I(errors) / Σ (I + w), because I(errors) is that very sum.
 */
function exactScores({ kinds, start }: ScoringIndex, influence: Float64Array): GraphScores {
  let [tokens, errors, all] = [0, 0, 0];
  kinds.forEach((kind, node) => {
    const own = influence[node] ?? 0;
    if (kind === "token") tokens += own;
    if (kind === "error") errors += own;
    all += own + (start[node] ?? 0);
  });
  return {
    replacement: tokens + errors === 0 ? null : tokens / (tokens + errors),
    completeness: all === 0 ? null : 1 - errors / all,
  };
}

/** @throws PatchbayError `result-too-large` */
function edgesOf({ edges }: ScoringIndex, pruned: { edges: Uint8Array }) {
  const count = pruned.edges.reduce((sum, kept) => sum + kept, 0);
  if (count > MOST_EDGES) {
    throw new PatchbayError("result-too-large", "The graph has too many edges for a document.", {
      expected: `at most ${MOST_EDGES} edges`,
      received: `${count} edges`,
      advice: "Prune it, ask for fewer features, or keep a smaller share of edges.",
      at: "prune",
    });
  }
  const source: number[] = [];
  const target: number[] = [];
  const weight: number[] = [];
  pruned.edges.forEach((kept, edge) => {
    if (kept === 0) return;
    source.push(edges.source[edge] ?? 0);
    target.push(edges.target[edge] ?? 0);
    weight.push(edges.weight[edge] ?? 0);
  });
  return { source, target, weight };
}

function renumbered(
  { source, target, weight }: { source: number[]; target: number[]; weight: number[] },
  placeOf: ReadonlyMap<number, number>,
) {
  const place = (node: number) => ensureDefined(placeOf.get(node), "end of an edge");
  return { source: source.map(place), target: target.map(place), weight };
}

function describeNodes(
  { run, replacement, targets, position, described }: GraphQuestion,
  { columns, errors, sums }: Unpruned,
  influence: Float64Array,
): CircuitNode[] {
  const shares = cumulativeInfluence(influence);
  const { features: active, positions } = run;
  const dictionaryOf = (layer: number) => replacement.layers[layer]?.dictionary.spec.name ?? null;
  const common = {
    dictionary: null,
    unit: null,
    tokenId: null,
    probability: null,
    label: "",
    activation: null,
    preActivation: null,
    bias: null,
    inputSum: null,
  };
  const facts: Omit<CircuitNode, "id" | "influence">[] = [
    ...Array.from(columns, (column) => featureFacts(active, column)).map((place) => ({
      ...common,
      kind: "feature" as const,
      ...place,
      dictionary: dictionaryOf(place.layer),
      // Where a feature is active, what enters the activation function leaves it unchanged.
      preActivation: place.activation,
    })),
    ...errors.map((cell) => {
      const layer = Math.floor(cell / positions);
      return { ...common, kind: "error" as const, layer, position: cell % positions, dictionary: dictionaryOf(layer) };
    }),
    ...described.map(({ id, text }, at) => ({
      ...common,
      kind: "token" as const,
      layer: -1,
      position: at,
      tokenId: id,
      label: text,
    })),
    ...targets.map(({ label, tokenId, minusId, weight, value }, t) => ({
      ...common,
      kind: "logit" as const,
      layer: replacement.shape.layers,
      position,
      // A target that is no single token has an id behind the vocabulary.
      tokenId: minusId === null ? tokenId : replacement.shape.outputVocabulary + t,
      probability: weight,
      label,
      preActivation: value,
      isTarget: t === 0,
    })),
  ];
  const ids = conventionalNodeIds(facts);
  return facts.map((node, place) => {
    const row = sums.get(place);
    return {
      ...node,
      id: ensureDefined(ids[place]),
      bias: row?.bias ?? null,
      inputSum: row?.inputSum ?? null,
      influence: node.kind === "logit" ? null : ensureDefined(shares[place]),
    };
  });
}

function featureFacts(active: ActiveFeatures, column: number) {
  const cell = cellOf(active, column);
  return {
    layer: Math.floor(cell / active.positions),
    position: cell % active.positions,
    unit: ensureDefined(active.features[column]),
    activation: ensureDefined(active.values[column]),
  };
}

function titleOf({ name }: GraphParts, { described, targets }: GraphQuestion, hash: string) {
  const prompt = described.map(({ text, special }) => (special === true ? "" : text)).join("");
  const aim = targets.map(({ label }) => JSON.stringify(label)).join(", ");
  return { title: `${prompt.trim().slice(0, 80)} → ${aim}`, slug: `${name}-${sha256(hash).slice(0, 12)}`, prompt };
}

/** Σ |weight| that no edge holds, of all Σ |weight|. */
function leftOut({ sums, index }: Unpruned): number {
  let all = 0;
  for (const { inputSum } of sums.values()) all += inputSum;
  const kept = index.edgeSum.reduce((sum, value) => sum + value, 0);
  return all === 0 ? 0 : Math.min(1, Math.max(0, 1 - kept / all));
}

/** How far Σ weights + bias is from the pre-activation, at worst, of the largest quantity in the sum. */
function largestResidual(
  run: RecordedRun,
  targets: readonly ResolvedTarget[],
  { targetRows, featureRows }: SelectedRows,
): number {
  const residual = (value: number, { signedSum, bias, inputSum }: SparseRow) =>
    Math.abs(value - signedSum - bias) / Math.max(Math.abs(value), inputSum, Math.abs(bias), Number.MIN_VALUE);
  let largest = 0;
  targetRows.forEach((row, t) => {
    largest = Math.max(largest, residual(ensureDefined(targets[t]).value, row));
  });
  for (const [column, row] of featureRows) largest = Math.max(largest, residual(run.features.values[column] ?? 0, row));
  return largest;
}

function recordedBytes({ layers, features, embedding, final }: RecordedRun): number {
  const arrays = layers.flatMap((layer) => Object.values(layer).filter((value) => value !== undefined));
  const floats = [...arrays, embedding, final].reduce((sum, { length }) => sum + length, 0);
  return 4 * floats + 8 * features.count;
}
