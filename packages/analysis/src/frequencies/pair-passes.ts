/** Every pair through the model, some rows at a time; and what is kept of it. */
import type { Engine } from "@patchbay/transformer";
import { ensureDefined, selectAlong, type Tensor, tensor } from "@patchbay/vocabulary";
import { answerOf, type PairTask, tokensOf } from "./pair-task.ts";

/** Tokens of one pass. */
const BATCH_TOKENS = 8192;

export interface PairBatch {
  readonly first: number;
  readonly tokens: readonly (readonly number[])[];
}

/** All pairs in order, pair = a·p + b. */
export function* pairBatches(task: PairTask): Generator<PairBatch> {
  const pairs = task.modulus ** 2;
  const step = Math.max(1, Math.floor(BATCH_TOKENS / task.template.length));
  for (let first = 0; first < pairs; first += step) {
    const count = Math.min(step, pairs - first);
    const tokens = Array.from({ length: count }, (_, row) => {
      const pair = first + row;
      return tokensOf(task, Math.floor(pair / task.modulus), pair % task.modulus);
    });
    yield { first, tokens };
  }
}

/** How well the answers are given. */
export interface Score {
  readonly accuracy: number;
  readonly loss: number;
}

export class ScoreKeeper {
  readonly #task: PairTask;
  #right = 0;
  #loss = 0;

  constructor(task: PairTask) {
    this.#task = task;
  }

  /** `residual` [row, position, residual] after the last block. Returns the logits [row, token] where the answer is read. */
  async add(
    engine: Engine,
    { first, tokens }: PairBatch,
    residual: Tensor,
    signal: AbortSignal,
  ): Promise<Float32Array> {
    const { position, modulus } = this.#task;
    const head = await engine.unembed({
      residual: selectAlong(residual, "position", [position]),
      positions: [position],
      full: true,
      signal,
    });
    const logits = ensureDefined(head.logits).data;
    const width = logits.length / tokens.length;
    for (let row = 0; row < tokens.length; row++) {
      const answer = answerOf(this.#task, Math.floor((first + row) / modulus), (first + row) % modulus);
      if (head.topTokens.data[row] === answer) this.#right += 1;
      this.#loss += (head.logSumExp.data[row] ?? 0) - (logits[row * width + answer] ?? 0);
    }
    return logits;
  }

  score(): Score {
    const pairs = this.#task.modulus ** 2;
    return { accuracy: this.#right / pairs, loss: this.#loss / pairs };
  }
}

export interface PairRecord {
  readonly score: Score;
  /** [pair, neuron] where the answer is read; undefined without neurons. */
  readonly neurons: Tensor | undefined;
  /** [pair, number]: logits of 0 … p − 1. */
  readonly logits: Tensor;
  /** [row, position, residual] after the block of `layer` (the last without neurons), one for each batch. */
  readonly streams: readonly Tensor[];
}

export async function recordPairs(engine: Engine, task: PairTask, signal: AbortSignal): Promise<PairRecord> {
  const { shape } = engine.model;
  const { modulus, layer, position } = task;
  const pairs = modulus ** 2;
  const keeper = new ScoreKeeper(task);
  const neurons = layer === undefined ? undefined : new Float32Array(pairs * shape.neurons);
  const logits = new Float32Array(pairs * modulus);
  const streams: Tensor[] = [];
  const until = (layer ?? shape.layers - 1) + 1;
  for (const batch of pairBatches(task)) {
    const reads =
      layer === undefined ? [] : [{ site: { kind: "mlp.hook_post", layer } as const, positions: [position] }];
    const pass = await engine.forward({ tokens: batch.tokens, reads, until, signal });
    streams.push(pass.residual);
    const [post] = pass.reads;
    if (post !== undefined) neurons?.set(post.data, batch.first * shape.neurons);
    const row = await keeper.add(engine, batch, await finish(engine, pass.residual, until, signal), signal);
    const width = row.length / batch.tokens.length;
    for (let r = 0; r < batch.tokens.length; r++) {
      logits.set(row.subarray(r * width, r * width + modulus), (batch.first + r) * modulus);
    }
  }
  return {
    score: keeper.score(),
    neurons: neurons && tensor(["pair", "neuron"], [pairs, shape.neurons], neurons),
    logits: tensor(["pair", "number"], [pairs, modulus], logits),
    streams,
  };
}

/** The blocks from `layer` on. */
export async function finish(engine: Engine, residual: Tensor, layer: number, signal: AbortSignal): Promise<Tensor> {
  if (layer === engine.model.shape.layers) return residual;
  return (await engine.forward({ tokens: [], from: { layer, residual }, signal })).residual;
}
