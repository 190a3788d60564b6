/** Nodes and edges of an attribution graph: from rows to the columns of its document. */
import {
  type CircuitNode,
  conventionalNodeIds,
  cumulativeInfluence,
  type NodeKind,
  pruneGraph,
  pruneNodes,
  type ScoringIndex,
  type Thresholds,
} from "@patchbay/circuit-graph";
import { ensureDefined, PatchbayError } from "@patchbay/vocabulary";
import { sha256 } from "../run/recipe.ts";
import type { GraphQuestion } from "./graph-question.ts";
import type { ResolvedTarget } from "./graph-targets.ts";
import { type ActiveFeatures, cellOf, type RecordedRun } from "./recorded-run.ts";
import { type GraphParts, type ReplacementModel, skipsFirst } from "./replacement-model.ts";
import { type NodeRow, scoringIndexOf } from "./scoring-rows.ts";
import type { SelectedRows } from "./select-features.ts";
import { restrictRow } from "./sparse-rows.ts";

/** A document with more edges would be hundreds of megabytes of text. */
const MOST_EDGES = 2_000_000;

/** Nodes before pruning: selected features, errors that exist, tokens, logits. */
export interface Unpruned {
  /** Columns of the selected features, rising: the first nodes. */
  readonly columns: Int32Array;
  /** Cells of the errors. */
  readonly errors: readonly number[];
  readonly kinds: readonly NodeKind[];
  /** [node]: influence that starts there. */
  readonly start: Float64Array;
  /** Of those that read, in the order of their nodes; columns are places of nodes. */
  readonly rows: readonly NodeRow[];
}

export function assemble(
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
  return { columns, errors, kinds, start, rows };
}

export interface PrunedNodes {
  /** Places of the nodes that stay, rising. */
  readonly kept: readonly number[];
  /** Places in `kept`. */
  readonly edges: { readonly source: number[]; readonly target: number[]; readonly weight: number[] };
}

/**
 * Pruning in two steps, with the same outcome as in one: only edges between nodes that passed the first are ever indexed,
 * and a graph before pruning can have a hundred times as many. The rows are used up.
 *
 * @throws PatchbayError `result-too-large`
 */
export function pruneNodesAndEdges(
  { kinds, start, rows }: Unpruned,
  influence: Float64Array,
  thresholds: Thresholds,
): PrunedNodes {
  const passed =
    thresholds.node === null
      ? kinds.map(() => 1)
      : [...pruneNodes(scoringIndexOf(kinds, [], start), influence, thresholds.node)];
  const places = Int32Array.from(passed, () => -1);
  const nodes: number[] = [];
  for (const [node, stays] of passed.entries()) if (stays === 1) places[node] = nodes.push(node) - 1;
  const among = rows.flatMap(({ node, row }) => {
    const place = places[node] ?? -1;
    return place < 0 ? [] : [{ node: place, row: restrictRow(row, places) }];
  });
  const index = scoringIndexOf(
    nodes.map((node) => ensureDefined(kinds[node])),
    among,
    Float64Array.from(nodes, (node) => start[node] ?? 0),
  );
  const pruned = pruneGraph(index, { node: null, edge: thresholds.edge });
  const last = Int32Array.from(pruned.nodes, () => -1);
  const kept: number[] = [];
  for (const [place, stays] of pruned.nodes.entries()) {
    if (stays === 1) last[place] = kept.push(ensureDefined(nodes[place])) - 1;
  }
  const { source, target, weight } = edgesOf(index, pruned);
  const moved = (ends: readonly number[]) => ends.map((end) => ensureDefined(last[end]));
  return { kept, edges: { source: moved(source), target: moved(target), weight } };
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

export function describeNodes(
  { run, replacement, targets, position, described }: GraphQuestion,
  { columns, errors, rows }: Unpruned,
  influence: Float64Array,
): CircuitNode[] {
  const shares = cumulativeInfluence(influence);
  const sums = new Map(rows.map(({ node, row }) => [node, row]));
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

export function titleOf({ name }: GraphParts, { described, targets }: GraphQuestion, hash: string) {
  const prompt = described.map(({ text, special }) => (special === true ? "" : text)).join("");
  const aim = targets.map(({ label }) => JSON.stringify(label)).join(", ");
  return { title: `${prompt.trim().slice(0, 80)} → ${aim}`, slug: `${name}-${sha256(hash).slice(0, 12)}`, prompt };
}
