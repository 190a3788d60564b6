/** Scores of all edges: (source corrupted − source clean) · gradient by the destination's input, over positions or at each. */

import type { EdgeMethod } from "@patchbay/contract";
import { GraphBuilder } from "@patchbay/onnx-graph";
import type { Engine, Program } from "@patchbay/transformer";
import { ensureDefined, tensor } from "@patchbay/vocabulary";
import { type PairRun, streams } from "./component-run.ts";
import { walkEdgeGradients } from "./edge-gradients.ts";
import type { EdgeLayout } from "./edge-nodes.ts";

/** Tokens that pass through the model at once. */
const TOKENS_AT_ONCE = 1024;

export interface EdgeScores {
  /** One a destination: [source], or [position × source]. */
  readonly byDestination: readonly Float32Array[];
  /** Rows whose gradients were taken. */
  readonly backwardRows: number;
}

export async function edgeScores(
  engine: Engine,
  layout: EdgeLayout,
  run: PairRun,
  { method, steps, byPosition }: { readonly method: EdgeMethod; readonly steps: number; readonly byPosition: boolean },
  signal: AbortSignal,
): Promise<EdgeScores> {
  const { residualWidth: width } = engine.model.shape;
  const { positions } = run;
  const size = positions * width;
  const count = layout.nodes.length - 1;
  const differences = new Float32Array(count * size);
  for (let node = 0; node < count; node++) {
    const [clean, corrupted] = [ensureDefined(run.clean.outputs[node]), ensureDefined(run.corrupted.outputs[node])];
    for (let i = 0; i < size; i++) differences[node * size + i] = (corrupted[i] ?? 0) - (clean[i] ?? 0);
  }
  const places = pathPlaces(method, steps);
  const byDestination = layout.destinations.map(
    ({ sources }) => new Float32Array(sources * (byPosition ? positions : 1)),
  );
  const piece = Math.max(1, Math.floor(TOKENS_AT_ONCE / positions));
  for (let start = 0; start < places.length; start += piece) {
    const rows = places.slice(start, start + piece);
    const data = new Float32Array(rows.length * size);
    const [clean, corrupted] = [ensureDefined(run.clean.before[0]), ensureDefined(run.corrupted.before[0])];
    rows.forEach((place, row) => {
      for (let i = 0; i < size; i++) {
        const from = corrupted[i] ?? 0;
        data[row * size + i] = place === 1 ? (clean[i] ?? 0) : from + place * ((clean[i] ?? 0) - from);
      }
    });
    // Gradients come a few at a time: what one layer's inputs give is multiplied out at once and forgotten.
    const waiting: { destination: number; gradient: Float32Array }[] = [];
    const flush = async () => {
      const [first] = waiting;
      if (first === undefined) return;
      const sources = Math.max(...waiting.map(({ destination }) => layout.destinations[destination]?.sources ?? 0));
      const gradients = new Float32Array(waiting.length * size);
      waiting.forEach(({ gradient }, i) => {
        gradients.set(gradient, i * size);
      });
      const { scores } = await engine.evaluate(
        byPosition ? PRODUCTS_BY_POSITION : PRODUCTS,
        {
          differences: tensor(
            ["source", "position", "residual"],
            [sources, positions, width],
            differences.subarray(0, sources * size),
          ),
          gradients: tensor(["destination", "position", "residual"], [waiting.length, positions, width], gradients),
        },
        ["scores"],
        signal,
      );
      waiting.forEach(({ destination }, i) => {
        const target = ensureDefined(byDestination[destination]);
        const own = layout.destinations[destination]?.sources ?? 0;
        for (let entry = 0; entry < target.length; entry++) {
          const at = byPosition
            ? (Math.floor(entry / own) * waiting.length + i) * sources + (entry % own)
            : i * sources + entry;
          target[entry] = (target[entry] ?? 0) + (scores.data[at] ?? 0) / places.length;
        }
      });
      waiting.length = 0;
    };
    await walkEdgeGradients(
      engine,
      layout,
      run,
      streams(rows.length, positions, width, data),
      async (destination, gradient) => {
        waiting.push({ destination, gradient });
        if (waiting.length >= 3 * engine.model.shape.heads + 1) await flush();
      },
      signal,
    );
    await flush();
  }
  return { byDestination, backwardRows: places.length };
}

/** Where gradients are taken on the way from the corrupted (0) to the clean embedding (1). */
function pathPlaces(method: EdgeMethod, steps: number): number[] {
  switch (method) {
    case "gradient":
      return [1];
    case "clean-corrupted":
      return [1, 0];
    case "integrated-gradients":
      return Array.from({ length: steps }, (_, step) => step / steps);
  }
}

/** [source, position, residual] × [destination, position, residual] → [destination, source] */
const PRODUCTS: Program = {
  key: "edges.products",
  build() {
    const g = new GraphBuilder("edges.products");
    const differences = g.input("differences", "float32", ["source", "position", "residual"]);
    const gradients = g.input("gradients", "float32", ["destination", "position", "residual"]);
    const flat = (value: string) => g.reshape(value, [0, -1]);
    const product = g.generalProduct(flat(gradients), flat(differences), { transposeB: true });
    g.output(product, "float32", ["destination", "source"], "scores");
    return g.build();
  },
};

/** … → [position, destination, source] */
const PRODUCTS_BY_POSITION: Program = {
  key: "edges.products.by-position",
  build() {
    const g = new GraphBuilder("edges.products.by-position");
    const differences = g.input("differences", "float32", ["source", "position", "residual"]);
    const gradients = g.input("gradients", "float32", ["destination", "position", "residual"]);
    const product = g.matrixProduct(g.transpose(gradients, [1, 0, 2]), g.transpose(differences, [1, 2, 0]));
    g.output(product, "float32", ["position", "destination", "source"], "scores");
    return g.build();
  },
};
