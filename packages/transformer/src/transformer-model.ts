/** An opened model folder: architecture, tensors, tokenizer. Nothing is computed here. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { PatchbayError } from "@patchbay/vocabulary";
import type { LinearWeight, ModelArchitecture, ModelConfig, ModelShape } from "./architecture.ts";
import { familyOf } from "./families/registry.ts";
import type { TensorSource } from "./weights/tensor-source.ts";

export interface TransformerModel {
  /** sha256 that stands for configuration, tokenizer and weights. */
  readonly hash: string;
  readonly architecture: ModelArchitecture;
  readonly shape: ModelShape;
  readonly tensors: TensorSource;
}

/** Reads config.json of a Hugging Face folder. */
export async function readModelConfig(folder: string): Promise<ModelConfig> {
  const file = path.join(folder, "config.json");
  let text: string;
  try {
    text = await readFile(file, "utf8");
  } catch (cause) {
    throw new PatchbayError("file-not-found", `There is no config.json in ${folder}.`, {
      expected: "a Hugging Face model folder: config.json, *.safetensors, tokenizer.json",
      cause,
    });
  }
  try {
    return JSON.parse(text) as ModelConfig;
  } catch (cause) {
    throw new PatchbayError("damaged-file", `${file} is not valid JSON.`, { cause });
  }
}

/** @throws PatchbayError `damaged-file` when a tensor is missing or its shape contradicts config.json. */
export function describeModel(config: ModelConfig, tensors: TensorSource, hash: string): TransformerModel {
  const architecture = familyOf(config).describe(config, (name) => tensors.has(name));
  checkShapes(architecture, tensors);
  return { hash, architecture, shape: architecture.shape, tensors };
}

/** The first thing that would go wrong later, said early and by name. */
function checkShapes(architecture: ModelArchitecture, tensors: TensorSource): void {
  const { shape } = architecture;
  expectShape(tensors, architecture.tokenEmbedding, [shape.vocabulary, shape.residualWidth]);
  for (let layer = 0; layer < shape.layers; layer++) {
    const { norm1, norm2, attention, mlp } = architecture.block(layer);
    expectVector(tensors, norm1.weight, shape.residualWidth);
    expectVector(tensors, norm2?.weight, shape.residualWidth);
    const queryWidth = shape.heads * shape.headWidth;
    expectMatrix(shape, tensors, attention.output, queryWidth, shape.residualWidth);
    for (const [weight, heads] of [
      [attention.query, shape.heads],
      [attention.key, shape.keyValueHeads],
      [attention.value, shape.keyValueHeads],
    ] as const) {
      // One of several parts of a packed matrix has no shape of its own.
      if (weight.outputs === undefined) {
        expectMatrix(shape, tensors, weight, shape.residualWidth, heads * shape.headWidth);
      }
    }
    if (mlp === undefined) continue;
    expectMatrix(shape, tensors, mlp.up, shape.residualWidth, shape.neurons);
    expectMatrix(shape, tensors, mlp.down, shape.neurons, shape.residualWidth);
    if (mlp.gate !== undefined) expectMatrix(shape, tensors, mlp.gate, shape.residualWidth, shape.neurons);
  }
  expectVector(tensors, architecture.finalNorm.weight, shape.residualWidth);
  expectMatrix(shape, tensors, architecture.unembedding, shape.residualWidth, shape.outputVocabulary);
  if (architecture.positionEmbedding !== undefined && shape.family === "hooked-transformer") {
    expectShape(tensors, architecture.positionEmbedding, [shape.context, shape.residualWidth]);
  }
}

function expectVector(tensors: TensorSource, name: string | undefined, length: number): void {
  if (name !== undefined) expectShape(tensors, name, [length]);
}

function expectMatrix(
  { headWidth }: ModelShape,
  tensors: TensorSource,
  { tensor, layout }: LinearWeight,
  input: number,
  output: number,
): void {
  const shapes = {
    "output-input": [output, input],
    "input-output": [input, output],
    "head-input-output": [output / headWidth, input, headWidth],
    "head-output": [input / headWidth, headWidth, output],
  };
  expectShape(tensors, tensor, shapes[layout]);
}

function expectShape(tensors: TensorSource, name: string, expected: readonly number[]): void {
  const { shape } = tensors.describe(name);
  if (shape.length === expected.length && shape.every((length, axis) => length === expected[axis])) return;
  throw new PatchbayError("damaged-file", `The weight "${name}" does not fit config.json.`, {
    expected: `shape ${expected.join(" × ")}`,
    received: shape.join(" × "),
    advice: "config.json and the weights must come from the same model.",
  });
}
