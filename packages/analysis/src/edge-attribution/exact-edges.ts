/**
 * What single edges do, exactly: the destination's input is the clean one plus (source corrupted − source clean), and
 * everything computed from it is computed again (path patching along one edge; Wang et al. 2022).
 */
import type { Engine } from "@patchbay/transformer";
import { ensureDefined } from "@patchbay/vocabulary";
import { headResults, metricOf, mlpOutputs, type PairRun, streams } from "./component-run.ts";
import { type Destination, type Edge, type EdgeLayout, HEAD_INPUTS } from "./edge-nodes.ts";

/** Tokens that pass through the model at once. */
const TOKENS_AT_ONCE = 2048;

export interface ExactEdge extends Edge {
  /** Only this position carries the corrupted value; default all. */
  readonly position?: number;
}

/** metric(edge corrupted) − metric(clean), one an edge. */
export async function exactEdgeChanges(
  engine: Engine,
  layout: EdgeLayout,
  run: PairRun,
  edges: readonly ExactEdge[],
  signal: AbortSignal,
): Promise<Float64Array> {
  const changes = new Float64Array(edges.length);
  const groups = new Map<string, number[]>();
  edges.forEach(({ destination }, i) => {
    const { layer, input } = ensureDefined(layout.destinations[destination]);
    // A layer's heads are one graph whichever input is changed.
    const key = `${layer}.${input === "mlp" || input === "logits" ? input : "heads"}`;
    groups.set(key, [...(groups.get(key) ?? []), i]);
  });
  const piece = Math.max(1, Math.floor(TOKENS_AT_ONCE / run.positions));
  for (const group of groups.values()) {
    for (let start = 0; start < group.length; start += piece) {
      const chosen = group.slice(start, start + piece);
      const metrics = await changedMetrics(
        engine,
        layout,
        run,
        chosen.map((i) => ensureDefined(edges[i])),
        signal,
      );
      chosen.forEach((i, row) => {
        changes[i] = (metrics[row] ?? 0) - run.clean.metric;
      });
    }
  }
  return changes;
}

/** The metric of each row; all edges end in one layer, at heads, at its MLP or at the logits. */
async function changedMetrics(
  engine: Engine,
  layout: EdgeLayout,
  run: PairRun,
  edges: readonly ExactEdge[],
  signal: AbortSignal,
): Promise<Float32Array> {
  const { layers, residualWidth: width, arrangement } = engine.model.shape;
  const { positions, clean, pair } = run;
  const size = positions * width;
  const destinations = edges.map(({ destination }): Destination => ensureDefined(layout.destinations[destination]));
  const { layer, input } = ensureDefined(destinations[0]);
  const stream = (data: Float32Array) => streams(edges.length, positions, width, data);
  /** The clean value in every row, plus each edge's own difference. */
  const changed = (base: Float32Array, applies: (row: number) => boolean = () => true) => {
    const data = repeated(base, edges.length);
    edges.forEach((edge, row) => {
      if (applies(row)) addDifference(data.subarray(row * size, (row + 1) * size), run, edge, width);
    });
    return data;
  };
  const outputAt = (node: number | undefined) => ensureDefined(clean.outputs[node ?? -1]);
  const lastAfter = () => ensureDefined(clean.after[layers - 1]);
  if (input === "logits") return metricOf(engine, run, stream(changed(lastAfter())), signal);

  const after = repeated(ensureDefined(clean.after[layer]), edges.length);
  if (input === "mlp") {
    const read = changed(ensureDefined(clean.between[layer]));
    addChange(after, await mlpOutputs(engine, layer, stream(read), signal), () => outputAt(layout.mlpOf(layer)), size);
  } else {
    const before = ensureDefined(clean.before[layer]);
    const inputs = Object.fromEntries(
      HEAD_INPUTS.map((each) => [each, stream(changed(before, (row) => destinations[row]?.input === each))]),
    ) as Record<(typeof HEAD_INPUTS)[number], ReturnType<typeof stream>>;
    const heads = destinations.map(({ head }) => head ?? 0);
    const results = await headResults(engine, layer, inputs, heads, signal);
    const own = (row: number) => outputAt(layout.firstOf(layer) + (heads[row] ?? 0));
    addChange(after, results, own, size);
    if (layout.mlpOf(layer) !== undefined && arrangement === "sequential") {
      const between = repeated(ensureDefined(clean.between[layer]), edges.length);
      addChange(between, results, own, size);
      const written = await mlpOutputs(engine, layer, stream(between), signal);
      addChange(after, written, () => outputAt(layout.mlpOf(layer)), size);
    }
  }
  if (layer + 1 === layers) return metricOf(engine, run, stream(after), signal);
  const { residual } = await engine.forward({
    tokens: edges.map(() => pair.clean),
    from: { layer: layer + 1, residual: stream(after) },
    signal,
  });
  return metricOf(engine, run, residual, signal);
}

function repeated(values: Float32Array, count: number): Float32Array {
  const result = new Float32Array(values.length * count);
  for (let row = 0; row < count; row++) result.set(values, row * values.length);
  return result;
}

function addDifference(target: Float32Array, run: PairRun, { source, position }: ExactEdge, width: number): void {
  const [clean, corrupted] = [ensureDefined(run.clean.outputs[source]), ensureDefined(run.corrupted.outputs[source])];
  const from = position === undefined ? 0 : position * width;
  const end = position === undefined ? target.length : from + width;
  for (let i = from; i < end; i++) target[i] = (target[i] ?? 0) + (corrupted[i] ?? 0) - (clean[i] ?? 0);
}

/** target += values − old, row by row. */
function addChange(target: Float32Array, values: Float32Array, old: (row: number) => Float32Array, size: number): void {
  for (let row = 0; row * size < values.length; row++) {
    const was = old(row);
    for (let i = 0; i < size; i++) {
      const at = row * size + i;
      target[at] = (target[at] ?? 0) + (values[at] ?? 0) - (was[i] ?? 0);
    }
  }
}
