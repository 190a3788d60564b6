/**
 * Where each tensor lies in a llama2.c checkpoint (https://github.com/karpathy/llama2.c, export.py).
 *
 * Version 0 is 7 int32 and float32 tensors, each kind stacked over layers; version 1 has a magic number, a 256-byte
 * header and the norms first. Version 2 is quantised and refused.
 */
import { PatchbayError, sizeOfShape } from "@patchbay/vocabulary";
import { type FileRange, rangeLength, readRange } from "../weights/file-range.ts";

export interface Llama2cShape {
  readonly residualWidth: number;
  readonly neurons: number;
  readonly layers: number;
  readonly heads: number;
  readonly keyValueHeads: number;
  readonly vocabulary: number;
  readonly context: number;
  readonly tied: boolean;
}

export interface Llama2cTensor {
  /** Hugging Face's name. */
  readonly name: string;
  readonly shape: readonly number[];
  readonly range: Required<FileRange>;
  /** Heads whose rows must go from interleaved pairs to halves; undefined where rows stay. */
  readonly rotatedHeads?: number;
}

export interface Llama2cCheckpoint {
  readonly shape: Llama2cShape;
  readonly tensors: readonly Llama2cTensor[];
}

const FLOAT_BYTES = 4;
/** "ak42" */
const MAGIC = 0x616b3432;
const VERSIONED_HEADER_BYTES = 256;

/** @throws PatchbayError `unsupported-model` for other formats, `damaged-file` where size and header disagree. */
export async function readLlama2cCheckpoint(source: FileRange): Promise<Llama2cCheckpoint> {
  const prefix = await readRange({ ...source, length: Math.min(VERSIONED_HEADER_BYTES, await rangeLength(source)) });
  refuseOtherFormats(source.file, prefix);
  const { shape, version } = readShape(source.file, prefix);
  const sections = version === 0 ? sectionsOfVersion0(shape) : sectionsOfVersion1(shape);
  const tensors: Llama2cTensor[] = [];
  let offset = (source.offset ?? 0) + (version === 0 ? 7 * FLOAT_BYTES : VERSIONED_HEADER_BYTES);
  for (const { name, shape: dimensions, perLayer, rotatedHeads } of sections) {
    const length = sizeOfShape(dimensions) * FLOAT_BYTES;
    for (let layer = 0; layer < (perLayer ? shape.layers : 1); layer++) {
      if (name !== undefined) {
        tensors.push({
          name: name.replace("{layer}", String(layer)),
          shape: dimensions,
          range: { file: source.file, offset, length },
          ...(rotatedHeads === undefined ? {} : { rotatedHeads }),
        });
      }
      offset += length;
    }
  }
  checkSize(source, offset - (source.offset ?? 0), await rangeLength(source));
  return { shape, tensors };
}

interface Section {
  /** Undefined for bytes that are skipped. */
  readonly name?: string;
  readonly shape: readonly number[];
  readonly perLayer?: boolean;
  readonly rotatedHeads?: number;
}

function blockSections({ residualWidth, neurons, heads, keyValueHeads }: Llama2cShape) {
  const keyWidth = (residualWidth / heads) * keyValueHeads;
  const at = (name: string, shape: readonly number[], rotatedHeads?: number): Section => ({
    name: `model.layers.{layer}.${name}.weight`,
    shape,
    perLayer: true,
    ...(rotatedHeads === undefined ? {} : { rotatedHeads }),
  });
  return {
    attentionNorm: at("input_layernorm", [residualWidth]),
    attention: [
      at("self_attn.q_proj", [residualWidth, residualWidth], heads),
      at("self_attn.k_proj", [keyWidth, residualWidth], keyValueHeads),
      at("self_attn.v_proj", [keyWidth, residualWidth]),
      at("self_attn.o_proj", [residualWidth, residualWidth]),
    ],
    mlpNorm: at("post_attention_layernorm", [residualWidth]),
    mlp: [
      at("mlp.gate_proj", [neurons, residualWidth]),
      at("mlp.down_proj", [residualWidth, neurons]),
      at("mlp.up_proj", [neurons, residualWidth]),
    ],
  };
}

function headSections({ vocabulary, residualWidth, tied }: Llama2cShape) {
  return {
    embedding: { name: "model.embed_tokens.weight", shape: [vocabulary, residualWidth] },
    finalNorm: { name: "model.norm.weight", shape: [residualWidth] },
    unembedding: tied ? [] : [{ name: "lm_head.weight", shape: [vocabulary, residualWidth] }],
  };
}

function sectionsOfVersion0(shape: Llama2cShape): readonly Section[] {
  const { embedding, finalNorm, unembedding } = headSections(shape);
  const { attentionNorm, attention, mlpNorm, mlp } = blockSections(shape);
  // Cosines and sines of the rotation, context × half a head each; they follow from the shape.
  const rotation: Section = { shape: [2, shape.context, shape.residualWidth / shape.heads / 2] };
  return [embedding, attentionNorm, ...attention, mlpNorm, ...mlp, finalNorm, rotation, ...unembedding];
}

function sectionsOfVersion1(shape: Llama2cShape): readonly Section[] {
  const { embedding, finalNorm, unembedding } = headSections(shape);
  const { attentionNorm, attention, mlpNorm, mlp } = blockSections(shape);
  return [attentionNorm, mlpNorm, finalNorm, embedding, ...attention, ...mlp, ...unembedding];
}

function readShape(file: string, prefix: Uint8Array): { shape: Llama2cShape; version: number } {
  const view = new DataView(prefix.buffer, prefix.byteOffset, prefix.byteLength);
  const versioned = view.byteLength >= VERSIONED_HEADER_BYTES && view.getUint32(0, true) === MAGIC;
  const version = versioned ? view.getInt32(4, true) : 0;
  if (version > 1) {
    throw new PatchbayError("unsupported-model", `${file} is a quantised llama2.c checkpoint.`, {
      expected: "version 0 or 1 (float32)",
      received: `version ${version}`,
      advice: "Export it again with `python export.py --version 0`.",
    });
  }
  if (view.byteLength < 7 * FLOAT_BYTES) throw notLlama2c(file, `a header of ${view.byteLength} bytes`);
  const start = versioned ? 2 * FLOAT_BYTES : 0;
  const numbers = Array.from({ length: 7 }, (_, i) => view.getInt32(start + i * FLOAT_BYTES, true));
  const [residualWidth = 0, neurons = 0, layers = 0, heads = 0, keyValueHeads = 0, signed = 0, context = 0] = numbers;
  const vocabulary = Math.abs(signed);
  const tied = versioned ? view.getUint8(start + 7 * FLOAT_BYTES) === 1 : signed > 0;
  const shape = { residualWidth, neurons, layers, heads, keyValueHeads, vocabulary, context, tied };
  const positive = [residualWidth, neurons, layers, heads, keyValueHeads, vocabulary, context].every((n) => n > 0);
  const divides = residualWidth % (2 * heads) === 0 && heads % keyValueHeads === 0;
  if (!positive || !divides) throw notLlama2c(file, `the header numbers ${numbers.join(", ")}`);
  return { shape, version };
}

/** Names the formats that people try; none but llama2.c's own is read, and pickles never, since they can run code. */
export function refuseOtherFormats(file: string, prefix: Uint8Array): void {
  const starts = (...bytes: number[]) => bytes.every((byte, i) => prefix[i] === byte);
  const refuse = (what: string, advice: string) => {
    throw new PatchbayError("unsupported-model", `${file} is ${what}, which is not read.`, {
      expected: "a llama2.c checkpoint, or a Hugging Face folder with safetensors",
      advice,
    });
  };
  const pickle =
    "Loading a pickle can run any code hidden in it. Save the model as safetensors, or export it with llama2.c's export.py.";
  if (starts(0x50, 0x4b, 0x03, 0x04))
    refuse("a zip archive (a PyTorch checkpoint is one, with a pickle inside)", pickle);
  if (prefix[0] === 0x80 && (prefix[1] ?? 0) >= 2 && (prefix[1] ?? 0) <= 5) refuse("a Python pickle", pickle);
  if (starts(0x47, 0x47, 0x55, 0x46)) refuse("a GGUF file", "Add the model's original Hugging Face folder.");
}

function checkSize({ file }: FileRange, expected: number, received: number): void {
  if (expected === received) return;
  throw new PatchbayError("damaged-file", `${file} does not have the size that its header says.`, {
    expected: `${expected} bytes`,
    received: `${received} bytes`,
    advice: received < expected ? "The file is cut off: copy or download it again." : "Is it a llama2.c checkpoint?",
  });
}

function notLlama2c(file: string, received: string): PatchbayError {
  return new PatchbayError("unsupported-model", `${file} is not a llama2.c checkpoint.`, {
    expected: "7 numbers: width, hidden width, layers, heads, key/value heads, vocabulary, context",
    received,
  });
}
