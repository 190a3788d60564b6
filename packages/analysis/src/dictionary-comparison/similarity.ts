/** Products of two dictionaries' unit rows, on the runtime, block by block. */
import { GraphBuilder } from "@patchbay/onnx-graph";
import type { Engine, Program } from "@patchbay/transformer";
import { type Tensor, tensor } from "@patchbay/vocabulary";
import type { WorkContext } from "../model-service.ts";

/** Bytes of one block of similarities. */
const BLOCK_IN_BYTES = 32 * 2 ** 20;

const PROGRAM: Program = {
  key: "dictionary-similarity",
  runsRarely: true,
  build() {
    const g = new GraphBuilder("dictionary-similarity");
    const left = g.input("left", "float32", ["left", "value"]);
    const right = g.input("right", "float32", ["right", "value"]);
    const similarity = g.matrixProduct(left, g.transpose(right, [1, 0]));
    const best = g.topK(similarity, g.int64([1]));
    g.output(similarity, "float32", ["left", "right"], "similarity");
    g.output(g.squeeze(best.values, [1]), "float32", ["left"], "best");
    // Places as floats would lose digits from 2^24 on; int32 is what the runtime hands out without BigInt.
    g.output(g.cast(g.squeeze(best.indices, [1]), "int32"), "int32", ["left"], "partner");
    return g.build();
  },
};

/** [left, right]: features² × 4 bytes, 85 MB for 4,608 by 4,608. Only exact matching needs it whole. */
export async function similarityMatrix(
  engine: Engine,
  left: Tensor,
  right: Tensor,
  { signal }: WorkContext,
): Promise<Float32Array> {
  const columns = right.shape[0] ?? 0;
  const matrix = new Float32Array((left.shape[0] ?? 0) * columns);
  for (const { block, start } of blocksOf(left, columns)) {
    const { similarity } = await engine.evaluate(PROGRAM, { left: block, right }, ["similarity"], signal);
    matrix.set(similarity.data, start * columns);
  }
  return matrix;
}

export interface BestPartners {
  /** Of each left row: the most similar right row, the first of equal ones. */
  readonly partners: Int32Array;
  readonly similarities: Float32Array;
}

/** Holds one block of similarities at a time. */
export async function bestPartners(
  engine: Engine,
  left: Tensor,
  right: Tensor,
  { signal }: WorkContext,
): Promise<BestPartners> {
  const rows = left.shape[0] ?? 0;
  const partners = new Int32Array(rows);
  const similarities = new Float32Array(rows);
  for (const { block, start } of blocksOf(left, right.shape[0] ?? 0)) {
    const found = await engine.evaluate(PROGRAM, { left: block, right }, ["best", "partner"], signal);
    partners.set(found.partner.data, start);
    similarities.set(found.best.data, start);
  }
  return { partners, similarities };
}

function* blocksOf({ shape, data }: Tensor, columns: number): Generator<{ block: Tensor; start: number }> {
  const [rows = 0, width = 0] = shape;
  const size = Math.max(1, Math.floor(BLOCK_IN_BYTES / 4 / Math.max(1, columns)));
  for (let start = 0; start < rows; start += size) {
    const end = Math.min(rows, start + size);
    yield { start, block: tensor(["left", "value"], [end - start, width], data.subarray(start * width, end * width)) };
  }
}
