/**
 * Removing frequencies and asking every pair again. In the embedding: the vectors that numbers bring into the stream lose
 * their cosine and sine of the frequency over the numbers (as an edit at hook_embed would). In the neurons: the activations
 * where the answer is read lose their functions of the pair at that frequency (as an edit at mlp.hook_post would); what they
 * write is linear in them, so it is taken from the stream behind the block.
 */
import type { Engine } from "@patchbay/transformer";
import { ensureDefined, type Tensor, tensor } from "@patchbay/vocabulary";
import { type FourierBasis, PAIR_FUNCTIONS, pairFunctionValues } from "./fourier-basis.ts";
import { finish, type PairBatch, type PairRecord, pairBatches, type Score, ScoreKeeper } from "./pair-passes.ts";
import type { PairTask } from "./pair-task.ts";
import { matrixProduct } from "./spectrum-programs.ts";

/** Asks all pairs again without the given frequencies. */
export type Ablation = (frequencies: readonly number[], signal: AbortSignal) => Promise<Score>;

/** `coefficients` [function, residual] of the numbers' embeddings. */
export function embeddingAblation(engine: Engine, task: PairTask, basis: FourierBasis, coefficients: Tensor): Ablation {
  const width = engine.model.shape.residualWidth;
  return async (frequencies, signal) => {
    const columns = frequencies.flatMap((k) => [2 * k - 1, 2 * k]);
    const removed = await matrixProduct(
      engine,
      pickColumns(basis.functions, columns),
      pickRows(coefficients, columns),
      signal,
    );
    return askAgain(engine, task, signal, 0, async (batch) => {
      const { residual } = await engine.forward({ tokens: batch.tokens, until: 0, signal });
      batch.tokens.forEach((_, row) => {
        const pair = batch.first + row;
        const operands = { a: Math.floor(pair / task.modulus), b: pair % task.modulus };
        task.template.forEach((token, position) => {
          // A number that the template itself holds is a number like the others.
          const number = typeof token === "number" ? token : operands[token];
          if (number >= task.modulus) return;
          const at = (row * task.template.length + position) * width;
          subtract(residual.data, at, removed.data.subarray(number * width, (number + 1) * width));
        });
      });
      return residual;
    });
  };
}

/** `coefficients` [frequency × 8, neuron]; `vectors` [neuron, residual] are what the neurons write. */
export async function neuronAblation(
  engine: Engine,
  task: PairTask,
  basis: FourierBasis,
  record: PairRecord,
  { coefficients, vectors, signal: building }: { coefficients: Tensor; vectors: Tensor; signal: AbortSignal },
): Promise<Ablation> {
  const width = engine.model.shape.residualWidth;
  const layer = ensureDefined(task.layer, "layer of the neurons");
  const written = await matrixProduct(engine, coefficients, vectors, building);
  return async (frequencies, signal) => {
    const rows = frequencies.flatMap((k) =>
      Array.from({ length: PAIR_FUNCTIONS }, (_, i) => (k - 1) * PAIR_FUNCTIONS + i),
    );
    const removed = await matrixProduct(
      engine,
      pairFunctionValues(basis, frequencies),
      pickRows(written, rows),
      signal,
    );
    let next = 0;
    return askAgain(engine, task, signal, layer + 1, async ({ first, tokens }) => {
      const stream = ensureDefined(record.streams[next++], "recorded stream");
      const data = stream.data.slice();
      for (let row = 0; row < tokens.length; row++) {
        const at = (row * task.template.length + task.position) * width;
        subtract(data, at, removed.data.subarray((first + row) * width, (first + row + 1) * width));
      }
      return { ...stream, data };
    });
  };
}

async function askAgain(
  engine: Engine,
  task: PairTask,
  signal: AbortSignal,
  layer: number,
  streamOf: (batch: PairBatch) => Promise<Tensor>,
): Promise<Score> {
  const keeper = new ScoreKeeper(task);
  for (const batch of pairBatches(task)) {
    await keeper.add(engine, batch, await finish(engine, await streamOf(batch), layer, signal), signal);
  }
  return keeper.score();
}

function subtract(from: Float32Array, start: number, vector: Float32Array): void {
  for (let i = 0; i < vector.length; i++) from[start + i] = (from[start + i] ?? 0) - (vector[i] ?? 0);
}

function pickRows({ axes, shape, data }: Tensor, rows: readonly number[]): Tensor {
  const width = shape[1] ?? 0;
  const picked = new Float32Array(rows.length * width);
  rows.forEach((row, i) => {
    picked.set(data.subarray(row * width, (row + 1) * width), i * width);
  });
  return tensor(axes, [rows.length, width], picked);
}

function pickColumns({ axes, shape, data }: Tensor, columns: readonly number[]): Tensor {
  const [rows = 0, width = 0] = shape;
  const picked = new Float32Array(rows * columns.length);
  for (let row = 0; row < rows; row++) {
    columns.forEach((column, i) => {
      picked[row * columns.length + i] = data[row * width + column] ?? 0;
    });
  }
  return tensor(axes, [rows, columns.length], picked);
}
