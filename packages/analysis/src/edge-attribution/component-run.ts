/** A pair of prompts with everything that edges carry: each component's output, and the streams that they enter. */
import type { Engine, SiteRead } from "@patchbay/transformer";
import { describeSite, ensureDefined, type SiteKind, type Tensor, tensor } from "@patchbay/vocabulary";
import { blockFeeds } from "../gradients/block-feeds.ts";
import { metricValues, referenceLogits } from "../metrics/metric-values.ts";
import type { ResolvedMetric } from "../metrics/resolve-metric.ts";
import { HEADS, headsProgram, MLP, mlpProgram, resultsProgram } from "./component-programs.ts";
import { type EdgeLayout, HEAD_INPUTS, type HeadInput } from "./edge-nodes.ts";

export interface PromptPair {
  readonly clean: readonly number[];
  /** As long. */
  readonly corrupted: readonly number[];
  readonly metric: ResolvedMetric;
}

/** One prompt's run; arrays are [position × residual]. */
export interface ComponentRun {
  /** One a node that is a source: [node][position × residual]. */
  readonly outputs: readonly Float32Array[];
  /** Stream before each block. */
  readonly before: readonly Float32Array[];
  /** Stream between attention and MLP; where those stand side by side or there is no MLP, that before. */
  readonly between: readonly Float32Array[];
  readonly after: readonly Float32Array[];
  readonly metric: number;
}

export interface PairRun {
  readonly pair: PromptPair;
  readonly clean: ComponentRun;
  readonly corrupted: ComponentRun;
  readonly positions: number;
  /** Of KL: logits of the clean run. */
  readonly reference: Float32Array | undefined;
}

export async function runPair(
  engine: Engine,
  layout: EdgeLayout,
  pair: PromptPair,
  signal: AbortSignal,
): Promise<PairRun> {
  const { layers, heads, residualWidth } = engine.model.shape;
  const tokens = [pair.clean, pair.corrupted];
  const positions = pair.clean.length;
  const size = positions * residualWidth;
  const sequential = engine.model.shape.arrangement === "sequential";
  const hasMlp = layout.mlpOf(0) !== undefined;
  const kinds: readonly SiteKind[] = [
    "hook_resid_pre",
    "attn.hook_z",
    "hook_resid_post",
    ...(hasMlp ? (["hook_mlp_out"] as const) : []),
    ...(hasMlp && sequential ? (["hook_resid_mid"] as const) : []),
  ];
  const reads: SiteRead[] = Array.from({ length: layers }, (_, layer) =>
    kinds.map((kind) => ({ site: { kind, layer } })),
  ).flat();
  const { residual, reads: values } = await engine.forward({ tokens, reads, signal });
  const at = (kind: SiteKind, layer: number): Tensor =>
    ensureDefined(values[layer * kinds.length + kinds.indexOf(kind)], describeSite(kind).meaning);
  const rowOf = ({ data }: Tensor, row: number) => data.subarray(row * size, (row + 1) * size);
  const results: Float32Array[] = [];
  for (let layer = 0; layer < layers; layer++) {
    const z = at("attn.hook_z", layer);
    const found = await engine.evaluate(resultsProgram(engine.model, layer), { z }, ["results"], signal);
    results.push(found.results.data);
  }
  const reference = await referenceLogits(engine, pair.metric, residual, signal);
  const metrics = await metricOf(engine, { pair, reference }, residual, signal);
  const run = (row: number): ComponentRun => {
    const each = (kind: SiteKind) => Array.from({ length: layers }, (_, layer) => rowOf(at(kind, layer), row));
    const before = each("hook_resid_pre");
    const outputs = [ensureDefined(before[0])];
    for (let layer = 0; layer < layers; layer++) {
      for (let head = 0; head < heads; head++) {
        const from = (row * heads + head) * size;
        outputs.push(ensureDefined(results[layer]).subarray(from, from + size));
      }
      if (hasMlp) outputs.push(rowOf(at("hook_mlp_out", layer), row));
    }
    const between = hasMlp && sequential ? each("hook_resid_mid") : before;
    return { outputs, before, between, after: each("hook_resid_post"), metric: metrics[row] ?? 0 };
  };
  return { pair, clean: run(0), corrupted: run(1), positions, reference };
}

/** The pair's metric for rows of final streams, [row]. A loss is that of the clean prompt's tokens in every row. */
export function metricOf(
  engine: Engine,
  { pair, reference }: Pick<PairRun, "pair" | "reference">,
  residual: Tensor,
  signal: AbortSignal,
): Promise<Float32Array> {
  const tokens = Array.from({ length: residual.shape[0] ?? 0 }, () => pair.clean);
  return metricValues(
    engine,
    pair.metric,
    { residual, tokens, ...(reference === undefined ? {} : { reference }) },
    signal,
  );
}

export function streams(rows: number, positions: number, width: number, data: Float32Array): Tensor {
  return tensor(["batch", "position", "residual"], [rows, positions, width], data);
}

/** Attention scores alive at once: every row computes those of all heads. */
const SCORE_BYTES = 64 * 2 ** 20;

/** Rows of a heads' graph in one run. */
export function rowsOfHeads(engine: Engine, positions: number): number {
  return Math.max(1, Math.floor(SCORE_BYTES / 4 / engine.model.shape.heads / positions ** 2));
}

/** Results of the rows' heads for their three input streams: all [row, position, residual]. */
export async function headResults(
  engine: Engine,
  layer: number,
  inputs: Readonly<Record<HeadInput, Tensor>>,
  heads: readonly number[],
  signal: AbortSignal,
): Promise<Float32Array> {
  const program = headsProgram(engine.model, layer);
  const [, positions = 0, width = 0] = inputs.q.shape;
  const size = positions * width;
  const results = new Float32Array(heads.length * size);
  const piece = rowsOfHeads(engine, positions);
  for (let start = 0; start < heads.length; start += piece) {
    const own = heads.slice(start, start + piece);
    const rowsOf = ({ data }: Tensor) =>
      streams(own.length, positions, width, data.subarray(start * size, (start + own.length) * size));
    const { result } = await engine.evaluate(
      program,
      {
        ...blockFeeds(engine.model, layer, program.graph, { rows: own.length, positions }),
        ...Object.fromEntries(HEAD_INPUTS.map((input) => [HEADS.input(input), rowsOf(inputs[input])])),
        [HEADS.head]: tensor(["row"], [own.length], BigInt64Array.from(own, BigInt)),
      },
      [HEADS.result],
      signal,
    );
    results.set(result.data, start * size);
  }
  return results;
}

/** What a layer's MLP writes when it reads these streams: [row, position, residual]. */
export async function mlpOutputs(
  engine: Engine,
  layer: number,
  input: Tensor,
  signal: AbortSignal,
): Promise<Float32Array> {
  const program = mlpProgram(engine.model, layer);
  const found = await engine.evaluate(program, { [MLP.input]: input }, [MLP.output], signal);
  return found[MLP.output].data;
}
