/**
 * A model of GPT-2 small's shape with random weights, written once into the temporary folder (500 MB): speed does not
 * depend on what the weights say.
 */
import { access, mkdir, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import {
  describeModel,
  openTensorFolder,
  readModelConfig,
  type TensorToWrite,
  type TransformerModel,
  writeSafetensors,
} from "@patchbay/transformer";

const CONFIG = {
  architectures: ["GPT2LMHeadModel"],
  model_type: "gpt2",
  n_layer: 12,
  n_head: 12,
  n_embd: 768,
  n_positions: 1024,
  vocab_size: 50257,
  activation_function: "gelu_new",
  layer_norm_epsilon: 1e-5,
};
const WEIGHTS = "model.safetensors";

export async function openRandomGpt2(): Promise<TransformerModel> {
  const folder = path.join(os.tmpdir(), "patchbay-bench-gpt2");
  const file = path.join(folder, WEIGHTS);
  const written = await access(file).then(
    () => true,
    () => false,
  );
  if (!written) {
    process.stderr.write(`Writing a random model of GPT-2 small's shape to ${folder}\n`);
    await mkdir(folder, { recursive: true });
    await writeFile(path.join(folder, "config.json"), JSON.stringify(CONFIG));
    await writeSafetensors(file, tensorsOf(), { format: "pt" });
  }
  return describeModel(await readModelConfig(folder), await openTensorFolder(folder), "random-gpt2-small");
}

function tensorsOf(): TensorToWrite[] {
  const { n_layer: layers, n_embd: width, vocab_size: vocabulary, n_positions: context } = CONFIG;
  const tensors = [
    randomTensor("transformer.wte.weight", [vocabulary, width], 0, 0.02),
    randomTensor("transformer.wpe.weight", [context, width], 0, 0.01),
  ];
  const norm = (name: string) => [
    randomTensor(`${name}.weight`, [width], 1, 0.02),
    randomTensor(`${name}.bias`, [width], 0, 0.02),
  ];
  const linear = (name: string, inputs: number, outputs: number) => [
    randomTensor(`${name}.weight`, [inputs, outputs], 0, 0.02),
    randomTensor(`${name}.bias`, [outputs], 0, 0.02),
  ];
  for (let layer = 0; layer < layers; layer++) {
    const at = `transformer.h.${layer}`;
    tensors.push(
      ...norm(`${at}.ln_1`),
      ...linear(`${at}.attn.c_attn`, width, 3 * width),
      ...linear(`${at}.attn.c_proj`, width, width),
      ...norm(`${at}.ln_2`),
      ...linear(`${at}.mlp.c_fc`, width, 4 * width),
      ...linear(`${at}.mlp.c_proj`, 4 * width, width),
    );
  }
  return [...tensors, ...norm("transformer.ln_f")];
}

/** Uniform around `mean`, from a small generator (xorshift) seeded by the name: the same file every time. */
function randomTensor(name: string, shape: readonly number[], mean: number, spread: number): TensorToWrite {
  const count = shape.reduce((product, length) => product * length, 1);
  return {
    name,
    type: "F32",
    shape,
    length: 4 * count,
    read() {
      const values = new Float32Array(count);
      let state = [...name].reduce((sum, letter) => (sum * 31 + letter.charCodeAt(0)) | 0, 1) || 1;
      for (let i = 0; i < count; i++) {
        state ^= state << 13;
        state ^= state >>> 17;
        state ^= state << 5;
        values[i] = mean + spread * (state / 2 ** 31);
      }
      return [new Uint8Array(values.buffer)];
    },
  };
}
