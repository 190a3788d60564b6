/** Test helper: a tiny llama2.c checkpoint with pseudo-random weights, in either version of the format. */
import { mkdtemp, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

export const FIXTURE_TOKENIZER = fileURLToPath(new URL("../tokenizer/fixtures/sentencepiece.bin", import.meta.url));
export const FIXTURE_VOCABULARY = 525;

export const TINY = {
  width: 8,
  neurons: 12,
  layers: 2,
  heads: 2,
  keyValueHeads: 1,
  vocabulary: FIXTURE_VOCABULARY,
  context: 16,
};

export interface CheckpointOptions {
  readonly untied?: boolean;
  readonly version?: 0 | 1;
  readonly vocabulary?: number;
}

/** Tensors by llama2.c's names, each kind stacked over layers. */
export function tinyWeights({ untied = false, vocabulary = TINY.vocabulary }: CheckpointOptions = {}) {
  const { width, neurons, layers, keyValueHeads, heads } = TINY;
  const keyWidth = (width / heads) * keyValueHeads;
  let state = 12345;
  const random = (length: number) =>
    Float32Array.from({ length }, () => {
      state = (Math.imul(state, 1103515245) + 12345) >>> 0;
      return state / 2 ** 31 - 1;
    });
  return {
    embedding: random(vocabulary * width),
    attentionNorm: random(layers * width),
    wq: random(layers * width * width),
    wk: random(layers * keyWidth * width),
    wv: random(layers * keyWidth * width),
    wo: random(layers * width * width),
    mlpNorm: random(layers * width),
    w1: random(layers * neurons * width),
    w2: random(layers * width * neurons),
    w3: random(layers * neurons * width),
    finalNorm: random(width),
    classifier: untied ? random(vocabulary * width) : new Float32Array(),
  };
}

export function tinyCheckpoint(options: CheckpointOptions = {}): Buffer {
  const { untied = false, version = 0, vocabulary = TINY.vocabulary } = options;
  const w = tinyWeights(options);
  const signed = untied && version === 0 ? -vocabulary : vocabulary;
  const { width, neurons, layers, heads, keyValueHeads, context } = TINY;
  const numbers = Int32Array.of(width, neurons, layers, heads, keyValueHeads, signed, context);
  const rotation = new Float32Array(context * (width / heads)).fill(99);
  if (version === 0) {
    const head = [w.embedding, w.attentionNorm, w.wq, w.wk, w.wv, w.wo, w.mlpNorm, w.w1, w.w2, w.w3, w.finalNorm];
    return bytesOf([numbers, ...head, rotation, w.classifier]);
  }
  const header = Buffer.alloc(256);
  header.writeUInt32LE(0x616b3432, 0);
  header.writeInt32LE(1, 4);
  bytesOf([numbers]).copy(header, 8);
  header.writeUInt8(untied ? 0 : 1, 36);
  const body = [w.attentionNorm, w.mlpNorm, w.finalNorm, w.embedding, w.wq, w.wk, w.wv, w.wo, w.w1, w.w2, w.w3];
  return Buffer.concat([header, bytesOf([...body, w.classifier])]);
}

/** A temporary folder with the checkpoint as tiny.bin. */
export async function tinyCheckpointFile(options: CheckpointOptions = {}): Promise<{ folder: string; file: string }> {
  const folder = await mkdtemp(join(tmpdir(), "patchbay-llama2c-"));
  const file = join(folder, "tiny.bin");
  await writeFile(file, tinyCheckpoint(options));
  return { folder, file };
}

function bytesOf(parts: readonly (Int32Array | Float32Array)[]): Buffer {
  return Buffer.concat(parts.map((part) => Buffer.from(part.buffer, part.byteOffset, part.byteLength)));
}
