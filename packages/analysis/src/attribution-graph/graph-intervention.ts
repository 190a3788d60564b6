/**
 * The causal check of a graph: nodes are changed in the model, and what the graph says of the change stands beside what
 * happens.
 *
 * Downstream frozen, the prediction is the sum of the changed nodes' edges, from the backward products; the measurement is the
 * model with its norm scales and MLP outputs held. Downstream recomputed, the prediction is the graph's total effect along all
 * paths; the measurement is the model left free, so the two differ by what the graph does not explain.
 */
import type { GraphInterventionRequest, GraphInterventionResult, GraphNodeReference } from "@patchbay/contract";
import { ensureDefined, InvariantError, PatchbayError, tensor } from "@patchbay/vocabulary";
import type { WorkContext } from "../model-service.ts";
import { int64 } from "../programs/readout.ts";
import { resolvePosition } from "../run/positions.ts";
import { AttributionRows } from "./attribution-rows.ts";
import { readChangedAnswers } from "./changed-answer.ts";
import { type ChangedRun, type Downstream, differenceFrom, type NodeChange, runChanged } from "./changed-run.ts";
import { type GraphQuestion, openQuestion, recipeOfQuestion } from "./graph-question.ts";
import { probabilityOf } from "./graph-targets.ts";
import { dictionaryScale } from "./padded-reads.ts";
import { columnOf } from "./recorded-run.ts";
import { type GraphParts, skipsFirst } from "./replacement-model.ts";
import { encoderProgram } from "./start-programs.ts";

/** @throws PatchbayError `intervention-matches-nothing` for a node that the prompt's graph does not have */
export async function graphIntervention(
  parts: GraphParts,
  request: GraphInterventionRequest,
  { signal, progress }: WorkContext,
): Promise<GraphInterventionResult> {
  const { tokenizer } = parts;
  const attention = request.attention ?? "freeze";
  const downstream = request.downstream ?? "recompute";
  if (downstream === "freeze" && attention === "recompute") {
    throw new PatchbayError("invalid-request", "With everything downstream frozen, patterns are frozen too.", {
      expected: 'attention "freeze", or downstream "recompute"',
      at: "attention",
    });
  }
  const question = await openQuestion(parts, request, signal);
  const { run, targets, answer } = question;
  const changes = request.nodes.map(({ node, change }, i) => changeOf(question, node, change, `nodes/${i}`));
  const watched = (request.watch ?? []).map((node, i) => watchedColumn(question, node, `watch/${i}`));
  progress?.(0.2, "running the changed model");

  const measured = await runWith(parts, question, changes, downstream, attention, signal);
  const after = await preActivations(parts, question, watched, measured.run, downstream, signal);
  const before = watched.map(({ column }) => run.features.values[column] ?? 0);
  progress?.(0.6, "predicting");
  const predicted =
    downstream === "freeze"
      ? await directEffects(parts, question, changes, watched, signal)
      : await totalEffects(parts, question, changes, watched, signal);

  const values = targets.map(({ value }, t) => ({
    before: value,
    predicted: ensureDefined(predicted.targets[t]),
    measured: ensureDefined(measured.answer.values[t]) - value,
  }));
  const watchedEffects = watched.map(({ node }, i) => ({
    node,
    preActivation: {
      before: ensureDefined(before[i]),
      predicted: ensureDefined(predicted.watched[i]),
      measured: ensureDefined(after[i]) - ensureDefined(before[i]),
    },
  }));
  const ranked = (id: number, score: number) => ({ id, text: tokenizer.textOf(id), score });
  return {
    attention,
    downstream,
    targets: targets.map(({ label, tokenId, minusId }, t) => ({
      label,
      tokenId,
      minusId,
      value: ensureDefined(values[t]),
      probability: {
        before: probabilityOf(answer, tokenId),
        after: ensureDefined(measured.answer.probabilities[t]),
      },
    })),
    watched: watchedEffects,
    leading: {
      before: ranked(answer.leading, probabilityOf(answer, answer.leading)),
      after: ranked(measured.answer.leading.id, measured.answer.leading.probability),
    },
    correlation: correlationOf([...values, ...watchedEffects.map(({ preActivation }) => preActivation)]),
    recipe: recipeOfQuestion(parts, question, request),
  };
}

type Change = GraphInterventionRequest["nodes"][number]["change"];

/** A node of the prompt's graph and what becomes of it. */
function changeOf(question: GraphQuestion, node: GraphNodeReference, change: Change, at: string): NodeChange {
  const place = nodePlace(question, node, at);
  if (node.kind !== "feature" && (change.op === "set" || change.op === "add")) {
    throw new PatchbayError("invalid-request", `"${change.op}" needs an activation, and only features have one.`, {
      expected: "zero or scale",
      received: `${change.op} of a node of kind ${node.kind}`,
      at: `${at}/change`,
    });
  }
  const kept = change.op === "add" ? 1 : change.op === "scale" ? change.value : 0;
  const added = change.op === "set" || change.op === "add" ? change.value : 0;
  return { ...place, scale: kept, offset: added };
}

/** Where a node stands. @throws PatchbayError `intervention-matches-nothing`, `position-out-of-range`, `invalid-request` */
export function nodePlace(
  { run, replacement }: GraphQuestion,
  node: GraphNodeReference,
  at: string,
): Pick<NodeChange, "kind" | "layer" | "position" | "feature"> {
  const position = resolvePosition(node.position, run.positions, `${at}/position`);
  if (node.kind === "token") return { kind: "token", layer: -1, position, feature: -1 };
  const byName = replacement.layers.findIndex((each) => each?.dictionary.spec.name === node.dictionary);
  const layer = node.dictionary === undefined ? node.layer : byName;
  const replaced = layer === undefined ? undefined : replacement.layers[layer];
  if (layer === undefined || layer < 0 || layer >= replacement.layers.length) {
    throw new PatchbayError("invalid-request", "It is not clear which layer the node is of.", {
      expected: "a layer of the model, or a dictionary of the graph",
      received: JSON.stringify({ layer: node.layer, dictionary: node.dictionary }),
      at,
    });
  }
  if (node.kind === "error") {
    if (position > 0 || !skipsFirst(replaced)) return { kind: "error", layer, position, feature: -1 };
    throw nothingThere("the first position is not encoded: its MLP output is a constant", at);
  }
  const column = node.unit === undefined ? undefined : columnOf(run.features, layer, position, node.unit);
  if (node.unit === undefined || column === undefined) {
    throw nothingThere(
      `feature ${node.unit ?? "(none named)"} of layer ${layer} is not active at position ${position}`,
      at,
    );
  }
  return { kind: "feature", layer, position, feature: node.unit };
}

function nothingThere(received: string, at: string): PatchbayError {
  return new PatchbayError("intervention-matches-nothing", "The prompt's graph has no such node.", {
    expected: "an active feature, an error or a token",
    received,
    advice: "To add a feature that does not fire, steer with its vector instead.",
    at,
  });
}

interface Watched {
  readonly node: GraphNodeReference;
  readonly layer: number;
  readonly position: number;
  readonly feature: number;
  readonly column: number;
}

function watchedColumn(question: GraphQuestion, node: GraphNodeReference, at: string): Watched {
  if (node.kind !== "feature") {
    throw new PatchbayError("invalid-request", "Only features have a pre-activation to watch.", {
      expected: "nodes of kind feature",
      received: node.kind,
      at,
    });
  }
  const { layer, position, feature } = nodePlace(question, node, at);
  const column = ensureDefined(columnOf(question.run.features, layer, position, feature));
  return { node, layer, position, feature, column };
}

async function runWith(
  { engine }: GraphParts,
  question: GraphQuestion,
  changes: readonly NodeChange[],
  downstream: Downstream,
  attention: "freeze" | "recompute",
  signal: AbortSignal,
) {
  const options = { attention, downstream, signal };
  const run = await runChanged(engine, question.replacement, question.run, [changes], options);
  const [answer] = await readChangedAnswers(engine, question, run, downstream, signal);
  return { run, answer: ensureDefined(answer) };
}

interface Effects {
  readonly targets: readonly number[];
  readonly watched: readonly number[];
}

/** Σ over changed nodes of edge × relative change: what the adjacency matrix says. */
async function directEffects(
  { engine }: GraphParts,
  { run, replacement, targets }: GraphQuestion,
  changes: readonly NodeChange[],
  watched: readonly Watched[],
  signal: AbortSignal,
): Promise<Effects> {
  const rows = new AttributionRows(engine, replacement, run, signal);
  const { layout } = rows;
  const relative = changes.map(({ kind, layer, position, feature, scale, offset }) => {
    if (kind === "token") return { column: layout.tokens + position, amount: scale - 1 };
    if (kind === "error") return { column: layout.errors + layer * run.positions + position, amount: scale - 1 };
    const column = ensureDefined(columnOf(run.features, layer, position, feature));
    const value = run.features.values[column] ?? 0;
    return { column, amount: (value * scale + offset - value) / value };
  });
  const effect = (values: Float32Array, row: number) =>
    relative.reduce((sum, { column, amount }) => sum + amount * (values[row * layout.length + column] ?? 0), 0);
  const ofTargets = await rows.ofStream(targets);
  const effects = targets.map((_, t) => effect(ofTargets.values, t));
  const byColumn = new Map<number, number>();
  for await (const { targets: columns, values } of rows.ofFeatures([...new Set(watched.map(({ column }) => column))])) {
    for (const [row, column] of columns.entries()) byColumn.set(column, effect(values, row));
  }
  // A watched feature that is itself changed keeps its pre-activation: the change is made behind it.
  return { targets: effects, watched: watched.map(({ column }) => ensureDefined(byColumn.get(column))) };
}

/** The replacement model run with the changes, every active feature following linearly. */
async function totalEffects(
  parts: GraphParts,
  question: GraphQuestion,
  changes: readonly NodeChange[],
  watched: readonly Watched[],
  signal: AbortSignal,
): Promise<Effects> {
  const { run, answer } = await runWith(parts, question, changes, "linear", "freeze", signal);
  const after = await preActivations(parts, question, watched, run, "linear", signal);
  const { targets, run: recorded } = question;
  return {
    targets: answer.values.map((value, t) => value - ensureDefined(targets[t]).value),
    watched: after.map((value, i) => value - (recorded.features.values[ensureDefined(watched[i]).column] ?? 0)),
  };
}

/** Pre-activations of watched features in a changed run: the recorded ones, and what the change of the input adds. */
async function preActivations(
  { engine }: GraphParts,
  { run, replacement }: GraphQuestion,
  watched: readonly Watched[],
  changed: ChangedRun,
  downstream: Downstream,
  signal: AbortSignal,
): Promise<number[]> {
  const values: number[] = [];
  for (const { layer, position, feature, column } of watched) {
    const replaced = replacement.layers[layer];
    const recorded = run.layers[layer]?.input;
    const now = changed.inputs.get(layer);
    if (replaced === undefined || recorded === undefined || now === undefined)
      throw new InvariantError("no input read");
    const width = replaced.dictionary.spec.inputWidth;
    const read = async (input: Float32Array, scaleOf: Float32Array) => {
      const scale = Float32Array.of(dictionaryScale(replaced, scaleOf, position));
      const { direction } = await engine.evaluate(
        encoderProgram(replaced.dictionary),
        { features: int64([feature]), scale: tensor(["target", "one"], [1, 1], scale) },
        ["direction"],
        signal,
      );
      let sum = 0;
      for (let i = 0; i < width; i++) sum += (direction.data[i] ?? 0) * (input[position * width + i] ?? 0);
      return sum;
    };
    const value = run.features.values[column] ?? 0;
    const plain = replaced.dictionary.spec.inputNormalisation === "none" || downstream !== "recompute";
    values.push(
      plain
        ? value + (await read(differenceFrom(now, recorded, 1), recorded))
        : value + (await read(now, now)) - (await read(recorded, recorded)),
    );
  }
  return values;
}

/** Pearson's r of predicted and measured; null where there are too few, or one does not vary. */
function correlationOf(pairs: readonly { predicted: number; measured: number }[]): number | null {
  if (pairs.length < 3) return null;
  const mean = (of: (pair: (typeof pairs)[number]) => number) =>
    pairs.reduce((sum, pair) => sum + of(pair), 0) / pairs.length;
  const [x, y] = [mean(({ predicted }) => predicted), mean(({ measured }) => measured)];
  const covariance = mean((pair) => (pair.predicted - x) * (pair.measured - y));
  const spread = Math.sqrt(mean((pair) => (pair.predicted - x) ** 2) * mean((pair) => (pair.measured - y) ** 2));
  return spread === 0 ? null : covariance / spread;
}
