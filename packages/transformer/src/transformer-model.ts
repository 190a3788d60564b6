/** An opened model folder: architecture, tensors, tokenizer. Nothing is computed here. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { PatchbayError } from "@patchbay/vocabulary";
import type { ModelArchitecture, ModelConfig, ModelShape } from "./architecture.ts";
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
    expectShape(tensors, norm1.weight, [shape.residualWidth]);
    expectShape(tensors, norm2.weight, [shape.residualWidth]);
    const queryWidth = shape.heads * shape.headWidth;
    const ends = [
      [attention.output, queryWidth, shape.residualWidth],
      [mlp.up, shape.residualWidth, shape.neurons],
      [mlp.down, shape.neurons, shape.residualWidth],
    ] as const;
    for (const [weight, input, output] of ends) {
      expectShape(tensors, weight.tensor, weight.layout === "output-input" ? [output, input] : [input, output]);
    }
  }
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
