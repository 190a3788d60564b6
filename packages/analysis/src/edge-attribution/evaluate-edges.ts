/**
 * What a circuit of edges does: every destination's input is the corrupted one plus, for each of the circuit's edges that
 * end there, (source now − source corrupted). "Now" is what the source computes under the same rule; the input embedding is
 * the clean one. With every edge in, that is the clean run; with none, the corrupted one.
 */
import { GraphBuilder } from "@patchbay/onnx-graph";
import type { Engine, Program } from "@patchbay/transformer";
import { ensureDefined, type Tensor, tensor } from "@patchbay/vocabulary";
import { headResults, metricOf, mlpOutputs, type PairRun, streams } from "./component-run.ts";
import { type Edge, type EdgeLayout, HEAD_INPUTS } from "./edge-nodes.ts";

/** Edges of a circuit: one set of sources a destination. */
export type EdgeSet = readonly ReadonlySet<number>[];

export function edgeSet({ destinations }: EdgeLayout, edges: Iterable<Edge>): EdgeSet {
  const sets = destinations.map(() => new Set<number>());
  for (const { source, destination } of edges) sets[destination]?.add(source);
  return sets;
}

/** The metric of each circuit on one pair of prompts. */
export async function evaluateEdges(
  engine: Engine,
  layout: EdgeLayout,
  run: PairRun,
  circuits: readonly EdgeSet[],
  signal: AbortSignal,
  progress?: (done: number) => void,
): Promise<Float32Array> {
  const { residualWidth: width } = engine.model.shape;
  const { positions } = run;
  const finals = new Float32Array(circuits.length * positions * width);
  for (const [i, circuit] of circuits.entries()) {
    finals.set(await finalStream(engine, layout, run, circuit, signal), i * positions * width);
    progress?.(i + 1);
  }
  return metricOf(engine, run, streams(circuits.length, positions, width, finals), signal);
}

async function finalStream(
  engine: Engine,
  layout: EdgeLayout,
  run: PairRun,
  circuit: EdgeSet,
  signal: AbortSignal,
): Promise<Float32Array> {
  const { layers, heads, residualWidth: width } = engine.model.shape;
  const { positions, corrupted, clean } = run;
  const size = positions * width;
  /** Source now − source corrupted, [node][position × residual], as far as they are computed. */
  const differences = new Float32Array((layout.nodes.length - 1) * size);
  const note = (node: number, now: Float32Array) => {
    const was = ensureDefined(corrupted.outputs[node]);
    for (let i = 0; i < size; i++) differences[node * size + i] = (now[i] ?? 0) - (was[i] ?? 0);
  };
  note(0, ensureDefined(clean.outputs[0]));

  /** Inputs of the given destinations: [destination, position, residual]. */
  const inputsOf = async (destinations: readonly number[], base: Float32Array): Promise<Tensor> => {
    const sources = Math.max(...destinations.map((each) => layout.destinations[each]?.sources ?? 0));
    const mask = new Float32Array(destinations.length * sources);
    destinations.forEach((each, row) => {
      for (const source of circuit[each] ?? []) mask[row * sources + source] = 1;
    });
    const { inputs } = await engine.evaluate(
      MIXTURE,
      {
        mask: tensor(["destination", "source"], [destinations.length, sources], mask),
        differences: tensor(["source", "entry"], [sources, size], differences.subarray(0, sources * size)),
        base: tensor(["entry"], [size], base),
      },
      ["inputs"],
      signal,
    );
    return streams(destinations.length, positions, width, inputs.data);
  };

  let next = 0;
  for (let layer = 0; layer < layers; layer++) {
    const before = ensureDefined(corrupted.before[layer]);
    const perInput = await Promise.all(
      HEAD_INPUTS.map(async (input, i) => {
        const own = Array.from({ length: heads }, (_, head) => next + head * HEAD_INPUTS.length + i);
        return [input, await inputsOf(own, before)] as const;
      }),
    );
    next += heads * HEAD_INPUTS.length;
    const inputs = Object.fromEntries(perInput) as Record<(typeof HEAD_INPUTS)[number], Tensor>;
    const all = Array.from({ length: heads }, (_, head) => head);
    const results = await headResults(engine, layer, inputs, all, signal);
    all.forEach((head) => {
      note(layout.firstOf(layer) + head, results.subarray(head * size, (head + 1) * size));
    });
    const mlp = layout.mlpOf(layer);
    if (mlp === undefined) continue;
    const read = await inputsOf([next], ensureDefined(corrupted.between[layer]));
    next += 1;
    note(mlp, await mlpOutputs(engine, layer, read, signal));
  }
  return (await inputsOf([next], ensureDefined(corrupted.after[layers - 1]))).data;
}

/** base + mask · differences: [destination, entry] */
const MIXTURE: Program = {
  key: "edges.mixture",
  build() {
    const g = new GraphBuilder("edges.mixture");
    const mask = g.input("mask", "float32", ["destination", "source"]);
    const differences = g.input("differences", "float32", ["source", "entry"]);
    const base = g.input("base", "float32", ["entry"]);
    g.output(g.add(g.matrixProduct(mask, differences), base), "float32", ["destination", "entry"], "inputs");
    return g.build();
  },
};
