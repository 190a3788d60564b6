/** The runtime's own matrix product on the map's shapes. */
import os from "node:os";
import { blockLength } from "@patchbay/analysis";
import { encodeModel, GraphBuilder } from "@patchbay/onnx-graph";
import { createSession, toRuntime } from "@patchbay/runtime";
import { matrixValue, type TransformerModel } from "@patchbay/transformer";
import { tensor } from "@patchbay/vocabulary";

export interface BareProduct {
  readonly blockRows: number;
  /** All vectors of one layer and side, block by block. */
  run(): Promise<void>;
  release(): Promise<void>;
}

/** `vectors` [neuron, residual] of one layer; the values do not matter to the speed. */
export async function openBareProduct(model: TransformerModel, vectors: Float32Array): Promise<BareProduct> {
  const { neurons, residualWidth, vocabulary } = model.shape;
  const g = new GraphBuilder("bare-product");
  const input = g.input("vectors", "float32", ["vector", residualWidth]);
  const scores = g.matrixProduct(input, matrixValue(g, model.tensors, model.architecture.unembedding));
  // One number leaves the runtime; the product is computed whole all the same.
  g.output(g.slice(g.slice(scores, 0, 0, 1), 1, 0, 1), "float32", ["vector", "token"], "one");
  const session = await createSession(encodeModel(g.build()), { threads: os.availableParallelism() });

  const blockRows = blockLength(vocabulary, neurons);
  return {
    blockRows,
    async run() {
      for (let first = 0; first < neurons; first += blockRows) {
        const rows = Math.min(blockRows, neurons - first);
        const block = vectors.subarray(first * residualWidth, (first + rows) * residualWidth);
        await session.run({ vectors: toRuntime(tensor(["vector", "residual"], [rows, residualWidth], block)) }, [
          "one",
        ]);
      }
    },
    release: () => session.release(),
  };
}
