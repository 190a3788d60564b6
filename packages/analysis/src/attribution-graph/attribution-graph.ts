/** The attribution graph of one prompt: one pass, rows by batches, influence, pruning, and the document. */
import { type CircuitGraph, EMPTY_VIEW } from "@patchbay/circuit-graph";
import type { GraphRequest, GraphResult } from "@patchbay/contract";
import { ensureDefined } from "@patchbay/vocabulary";
import type { WorkContext } from "../model-service.ts";
import { AttributionRows } from "./attribution-rows.ts";
import { assemble, describeNodes, pruneNodesAndEdges, titleOf, type Unpruned } from "./graph-nodes.ts";
import { openQuestion, recipeOfQuestion } from "./graph-question.ts";
import type { ResolvedTarget } from "./graph-targets.ts";
import { influenceOfNodes, influenceOfRows, scoresFromInfluence } from "./node-influence.ts";
import type { RecordedRun } from "./recorded-run.ts";
import type { GraphParts } from "./replacement-model.ts";
import { type SelectedRows, selectFeatures } from "./select-features.ts";
import { bytesOf, type SparseRow } from "./sparse-rows.ts";
import { weightFactors } from "./weight-factors.ts";

const DEFAULT_BUDGET = 7500;
export const DEFAULT_EDGE_SHARE = 0.98;
const DEFAULT_NODE_SHARE = 0.8;
const DEFAULT_PRUNED_EDGES = 0.98;
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
  const unpruned = assemble(replacement, run, selected, targets);
  const influence = await phases.time("influence", async () =>
    selected.influence === undefined ? influenceOfRows(unpruned) : influenceOfNodes(selected.influence, unpruned, run),
  );
  const scores = scoresFromInfluence(unpruned, influence);
  const nodes = describeNodes(question, unpruned, influence);
  const unprunedEdges = unpruned.rows.reduce((sum, { row }) => sum + row.columns.length, 0);
  const leftOutShare = leftOut(unpruned);
  const pruned = await phases.time("pruning", async () =>
    pruneNodesAndEdges(unpruned, influence, thresholdsOf(request)),
  );
  progress?.(0.95, "weight factors");
  const document = { nodes: pruned.kept.map((place) => ensureDefined(nodes[place])), edges: pruned.edges };
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
      unpruned: { nodes: nodes.length, edges: unprunedEdges },
      kept: { nodes: document.nodes.length, edges: document.edges.source.length },
      leftOutShare,
      largestResidual: residual,
      errorOnlyLayers: replacement.layers.flatMap((layer, i) => (layer === undefined ? [i] : [])),
      phases: phases.list,
      peakBytes: rows.peakBytes + heldBytes + recordedBytes(run),
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

/** Σ |weight| that no edge holds, of all Σ |weight|. */
function leftOut({ rows }: Unpruned): number {
  let [all, kept] = [0, 0];
  for (const { row } of rows) {
    all += row.inputSum;
    kept += row.weights.reduce((sum, weight) => sum + Math.abs(weight), 0);
  }
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
