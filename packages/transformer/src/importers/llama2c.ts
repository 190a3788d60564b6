/** Turns a llama2.c checkpoint and its tokenizer into an ordinary Hugging Face folder. */
import { randomUUID } from "node:crypto";
import { mkdir, readdir, rename, rm, writeFile } from "node:fs/promises";
import { dirname, join } from "node:path";
import { PatchbayError } from "@patchbay/vocabulary";
import { type FileRange, readRange, sha256OfRange, streamRange } from "../weights/file-range.ts";
import { SINGLE_FILE } from "../weights/tensor-folder.ts";
import { type TensorToWrite, writeSafetensors } from "../weights/write-safetensors.ts";
import { type Llama2cShape, type Llama2cTensor, readLlama2cCheckpoint } from "./llama2c-checkpoint.ts";
import { readLlama2cTokenizer } from "./llama2c-tokenizer.ts";
import { MANIFEST_FILE, type ModelManifest } from "./model-manifest.ts";
import { sentencepieceTokenizerJson } from "./sentencepiece-json.ts";

export interface Llama2cImport {
  readonly checkpoint: FileRange;
  readonly tokenizer: FileRange;
  /** The folder to make; it must not exist yet. */
  readonly folder: string;
  readonly manifest: Omit<ModelManifest, "hashes" | "recipe" | "folder">;
  readonly signal?: AbortSignal;
  /** Fraction in 0…1. */
  readonly progress?: (fraction: number) => void;
}

/** The folder appears whole, or not at all. @throws PatchbayError `damaged-file`, `unsupported-model` or `conflict` */
export async function importLlama2c(request: Llama2cImport): Promise<ModelManifest> {
  const { checkpoint, tokenizer, folder, signal, progress } = request;
  const { shape, tensors } = await readLlama2cCheckpoint(checkpoint);
  const pieces = readLlama2cTokenizer(await readRange(tokenizer), shape.vocabulary, tokenizer.file);

  const temporary = join(dirname(folder), `.${randomUUID()}.partial`);
  await mkdir(temporary, { recursive: true });
  try {
    await writeJson(join(temporary, "config.json"), configOf(shape));
    await writeJson(join(temporary, "tokenizer.json"), sentencepieceTokenizerJson(pieces));
    await writeJson(join(temporary, "tokenizer_config.json"), tokenizerConfigOf(shape));
    await writeSafetensors(
      join(temporary, SINGLE_FILE),
      tensors.map(tensorToWrite),
      { format: "pt" },
      {
        ...(signal === undefined ? {} : { signal }),
        progress: (written, total) => progress?.(written / total),
      },
    );
    const manifest: ModelManifest = {
      ...request.manifest,
      recipe: { prependBos: true, context: shape.context },
      hashes: await hashFiles(temporary, signal),
    };
    await writeJson(join(temporary, MANIFEST_FILE), manifest);
    await moveInto(temporary, folder);
    return manifest;
  } finally {
    await rm(temporary, { recursive: true, force: true });
  }
}

function configOf(shape: Llama2cShape): unknown {
  return {
    architectures: ["LlamaForCausalLM"],
    model_type: "llama",
    hidden_size: shape.residualWidth,
    intermediate_size: shape.neurons,
    num_hidden_layers: shape.layers,
    num_attention_heads: shape.heads,
    num_key_value_heads: shape.keyValueHeads,
    head_dim: shape.residualWidth / shape.heads,
    hidden_act: "silu",
    rms_norm_eps: 1e-5,
    rope_theta: 10_000,
    rope_scaling: null,
    max_position_embeddings: shape.context,
    vocab_size: shape.vocabulary,
    tie_word_embeddings: shape.tied,
    attention_bias: false,
    mlp_bias: false,
    bos_token_id: 1,
    eos_token_id: 2,
    torch_dtype: "float32",
  };
}

function tokenizerConfigOf(shape: Llama2cShape): unknown {
  return {
    tokenizer_class: "LlamaTokenizer",
    bos_token: "<s>",
    eos_token: "</s>",
    unk_token: "<unk>",
    add_bos_token: true,
    add_eos_token: false,
    clean_up_tokenization_spaces: false,
    legacy: true,
    model_max_length: shape.context,
  };
}

function tensorToWrite({ name, shape, range, rotatedHeads }: Llama2cTensor): TensorToWrite {
  const read = rotatedHeads === undefined ? () => streamRange(range) : () => readRotated(range, shape, rotatedHeads);
  return { name, type: "F32", shape, length: range.length, read };
}

/**
 * llama2.c rotates neighbouring rows of a head (0,1), (2,3), …; Hugging Face rotates row i with row i + half. Moving the
 * rows makes the same products: even rows of each head first, then odd ones.
 */
async function* readRotated(range: FileRange, shape: readonly number[], heads: number): AsyncGenerator<Uint8Array> {
  const bytes = await readRange(range);
  const [rows = 0] = shape;
  const rowBytes = bytes.length / rows;
  const headRows = rows / heads;
  const permuted = new Uint8Array(bytes.length);
  for (let row = 0; row < rows; row++) {
    const within = row % headRows;
    const target = row - within + (within % 2) * (headRows / 2) + Math.floor(within / 2);
    permuted.set(bytes.subarray(row * rowBytes, (row + 1) * rowBytes), target * rowBytes);
  }
  yield permuted;
}

async function hashFiles(folder: string, signal: AbortSignal | undefined): Promise<Record<string, string>> {
  const hashes: Record<string, string> = {};
  for (const name of (await readdir(folder)).sort()) {
    hashes[name] = await sha256OfRange({ file: join(folder, name) }, signal);
  }
  return hashes;
}

async function writeJson(file: string, value: unknown): Promise<void> {
  await writeFile(file, `${JSON.stringify(value, undefined, 2)}\n`, { flush: true });
}

async function moveInto(temporary: string, folder: string): Promise<void> {
  await rename(temporary, folder).catch((cause: NodeJS.ErrnoException) => {
    if (cause.code !== "ENOTEMPTY" && cause.code !== "EEXIST" && cause.code !== "EPERM") throw cause;
    throw new PatchbayError("conflict", `${folder} is already there.`, {
      advice: "Choose another name, or remove the folder first.",
      cause,
    });
  });
}
