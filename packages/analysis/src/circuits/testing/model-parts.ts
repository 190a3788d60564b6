/** What an analysis works on, for tests: a tiny model, its tokenizer of words, and dictionaries by their names. */
import { mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { after } from "node:test";
import { fileURLToPath } from "node:url";
import type { Dictionary } from "@patchbay/dictionary";
import { createRuntime } from "@patchbay/runtime";
import {
  decodeSafetensors,
  describeModel,
  type Engine,
  encodeSafetensors,
  openTensorFolder,
  readModelConfig,
  type Tokenizer,
} from "@patchbay/transformer";
import { ensureDefined, invariant, PatchbayError } from "@patchbay/vocabulary";
import type { ModelParts } from "../../run/model-parts.ts";
import { wordTokenizer } from "../../testing/word-tokenizer.ts";

const TINY = fileURLToPath(new URL("../../../../../models/fixtures/tiny-gpt2", import.meta.url));

export function partsOf(engine: Engine, tokenizer: Tokenizer, dictionaries: readonly Dictionary[] = []): ModelParts {
  const find = async (name: string) => {
    const found = dictionaries.find(({ spec }) => spec.name === name);
    if (found === undefined) throw new PatchbayError("not-found", `There is no dictionary "${name}".`);
    return found;
  };
  const unknown = async () => {
    throw new PatchbayError("not-ready", "Not measured in this test.");
  };
  return {
    name: "under-test",
    engine,
    tokenizer,
    prependBos: true,
    runtimeVersion: "the runtime under test",
    maximumOf: unknown,
    dictionaries: {
      find,
      ofSet: async (set) => dictionaries.filter(({ spec }) => spec.set === set),
      maximumOf: unknown,
    },
  };
}

/** The tiny GPT-2 in which nothing writes into the residual stream but these heads, `strength` times as much as they did. */
export async function plantedHeads(heads: readonly (readonly [layer: number, head: number])[], strength: number) {
  const folder = await mkdtemp(path.join(os.tmpdir(), "patchbay-planted-"));
  after(() => rm(folder, { recursive: true, force: true }));
  const config = await readModelConfig(TINY);
  const { tensors } = decodeSafetensors(await readFile(path.join(TINY, "model.safetensors")));
  const { shape } = describeModel(config, await openTensorFolder(TINY), "").architecture;
  for (let layer = 0; layer < shape.layers; layer++) {
    const named = (part: string) => {
      const name = [...tensors.keys()].find((key) => key.endsWith(`h.${layer}.${part}`));
      const { data } = ensureDefined(tensors.get(ensureDefined(name, part)));
      invariant(data instanceof Float32Array, `${part} in float32`);
      return data;
    };
    for (const part of ["attn.c_proj.bias", "mlp.c_proj.weight", "mlp.c_proj.bias"]) named(part).fill(0);
    // [head × head_dimension, residual]
    const data = named("attn.c_proj.weight");
    const perHead = shape.headWidth * shape.residualWidth;
    for (let i = 0; i < data.length; i++) {
      const head = Math.floor(i / perHead);
      const planted = heads.some(([l, h]) => l === layer && h === head);
      data[i] = planted ? strength * (data[i] ?? 0) : 0;
    }
  }
  await writeFile(path.join(folder, "config.json"), await readFile(path.join(TINY, "config.json")));
  await writeFile(path.join(folder, "model.safetensors"), encodeSafetensors(tensors));
  const model = describeModel(config, await openTensorFolder(folder), `planted ${JSON.stringify(heads)}`);
  const engine = createRuntime({ threads: 2, memoryInBytes: 2 ** 30 }).open(model);
  return partsOf(engine, wordTokenizer(model.shape.vocabulary));
}
