/**
 * Gradients of the metric by every input of every component, at one or several runs of a prompt, from the logits down.
 * With g the gradient by the stream after a block: an MLP's input gets Jᵀg of the MLP alone, a head's query, key and value
 * inputs get that of the head alone; what goes on down is g plus all of them.
 */
import type { Engine } from "@patchbay/transformer";
import { ensureDefined, type Tensor, tensor } from "@patchbay/vocabulary";
import { blockFeeds } from "../gradients/block-feeds.ts";
import { metricGradient } from "../gradients/metric-gradient.ts";
import { HEADS, headsGradientProgram, MLP, mlpGradientProgram } from "./component-programs.ts";
import { type PairRun, rowsOfHeads, streams } from "./component-run.ts";
import { type EdgeLayout, HEAD_INPUTS } from "./edge-nodes.ts";

/** Gradients by the inputs of one layer's nodes (or of the logits), summed over the rows. */
export type VisitDestination = (destination: number, gradient: Float32Array) => void | Promise<void>;

/**
 * @param start streams that enter block 0, [row, position, residual]: the runs at which gradients are taken
 * @param visit gets each destination's gradient, [position × residual], Σ over rows
 */
export async function walkEdgeGradients(
  engine: Engine,
  layout: EdgeLayout,
  { pair, reference }: Pick<PairRun, "pair" | "reference">,
  start: Tensor,
  visit: VisitDestination,
  signal: AbortSignal,
): Promise<void> {
  const { model } = engine;
  const { layers, heads, residualWidth, arrangement } = model.shape;
  const [rows = 0, positions = 0] = start.shape;
  const hasMlp = layout.mlpOf(0) !== undefined;
  const middle = hasMlp && arrangement === "sequential";
  const reads = Array.from({ length: layers }, (_, layer) => [
    { site: { kind: "hook_resid_pre", layer } } as const,
    ...(middle ? [{ site: { kind: "hook_resid_mid", layer } } as const] : []),
  ]).flat();
  const tokens = Array.from({ length: rows }, () => pair.clean);
  const { residual, reads: read } = await engine.forward({
    tokens,
    reads,
    from: { layer: 0, residual: start },
    signal,
  });
  const inputs = { residual, tokens, ...(reference === undefined ? {} : { reference }) };
  let gradient = (await metricGradient(engine, pair.metric, inputs, signal)).residual.data;
  const size = positions * residualWidth;
  const indexOf = new Map<string, number>(
    layout.destinations.map(({ layer, head, input }, i) => [`${layer}.${head}.${input}`, i]),
  );
  const destination = (layer: number, head: number | null, input: string) =>
    ensureDefined(indexOf.get(`${layer}.${head}.${input}`), `destination of layer ${layer}`);
  await visit(destination(layers, null, "logits"), summed(gradient, rows, 1, 0, size));

  for (let layer = layers - 1; layer >= 0; layer--) {
    const before = ensureDefined(read[middle ? 2 * layer : layer]);
    const below = new Float32Array(gradient);
    let byAttention = gradient;
    if (hasMlp) {
      const found = await engine.evaluate(
        mlpGradientProgram(model, layer),
        {
          [MLP.input]: middle ? ensureDefined(read[2 * layer + 1]) : before,
          [MLP.cotangent]: streams(rows, positions, residualWidth, gradient),
        },
        [MLP.gradient],
        signal,
      );
      const own = found[MLP.gradient].data;
      await visit(destination(layer, null, "mlp"), summed(own, rows, 1, 0, size));
      addTo(below, own, 0);
      if (middle) byAttention = new Float32Array(below);
    }
    const program = headsGradientProgram(model, layer);
    const together = Math.max(1, Math.floor(rowsOfHeads(engine, positions) / rows));
    for (let start = 0; start < heads; start += together) {
      const chosen = Array.from({ length: Math.min(together, heads - start) }, (_, i) => start + i);
      const count = rows * chosen.length;
      const repeated = (values: Float32Array) =>
        streams(count, positions, residualWidth, repeatRows(values, chosen.length, size));
      const stream = repeated(before.data);
      const found = await engine.evaluate(
        program,
        {
          ...blockFeeds(model, layer, program.graph, { rows: count, positions }),
          ...Object.fromEntries(HEAD_INPUTS.map((input) => [HEADS.input(input), stream])),
          [HEADS.head]: tensor(
            ["row"],
            [count],
            BigInt64Array.from({ length: count }, (_, row) => BigInt(chosen[row % chosen.length] ?? 0)),
          ),
          [HEADS.cotangent]: repeated(byAttention),
        },
        HEAD_INPUTS.map(HEADS.gradient),
        signal,
      );
      for (const input of HEAD_INPUTS) {
        const own = ensureDefined(found[HEADS.gradient(input)]).data;
        for (const [i, head] of chosen.entries()) {
          await visit(destination(layer, head, input), summed(own, rows, chosen.length, i, size));
        }
        for (let row = 0; row < count; row++) {
          addTo(below, own.subarray(row * size, (row + 1) * size), Math.floor(row / chosen.length) * size);
        }
      }
    }
    gradient = below;
  }
}

/** Σ over rows of block `which` of `count` blocks a row: [position × residual]. */
function summed(values: Float32Array, rows: number, count: number, which: number, size: number): Float32Array {
  const sum = new Float32Array(size);
  for (let row = 0; row < rows; row++) {
    const from = (row * count + which) * size;
    addTo(sum, values.subarray(from, from + size), 0);
  }
  return sum;
}

/** Each row `count` times in a row. */
function repeatRows(values: Float32Array, count: number, size: number): Float32Array {
  const result = new Float32Array(values.length * count);
  for (let row = 0; row * size < values.length; row++) {
    const own = values.subarray(row * size, (row + 1) * size);
    for (let i = 0; i < count; i++) result.set(own, (row * count + i) * size);
  }
  return result;
}

function addTo(target: Float32Array, values: Float32Array, from: number): void {
  for (let i = 0; i < values.length; i++) target[from + i] = (target[from + i] ?? 0) + (values[i] ?? 0);
}
