/** Opens the tiny random models of models/fixtures with the values PyTorch computed for them at every site. */
import { readFile } from "node:fs/promises";
import path from "node:path";
import { fileURLToPath } from "node:url";
import {
  decodeSafetensors,
  describeModel,
  type Engine,
  openTensorFolder,
  readModelConfig,
} from "@patchbay/transformer";
import type { Tensor, TensorData } from "@patchbay/vocabulary";
import { createRuntime } from "../runtime.ts";

const FIXTURES = fileURLToPath(new URL("../../../../models/fixtures/", import.meta.url));

export const FIXTURE_NAMES = ["tiny-llama", "tiny-llama-bf16-sharded", "tiny-llama3-rope-f16", "tiny-gpt2"] as const;

export interface FixtureModel {
  readonly engine: Engine;
  readonly tokens: readonly (readonly number[])[];
  readonly golden: ReadonlyMap<string, Tensor<TensorData>>;
}

export function fixtureFolder(name: (typeof FIXTURE_NAMES)[number]): string {
  return path.join(FIXTURES, name);
}

export async function openFixture(name: (typeof FIXTURE_NAMES)[number]): Promise<FixtureModel> {
  const folder = fixtureFolder(name);
  const model = describeModel(await readModelConfig(folder), await openTensorFolder(folder), `fixture:${name}`);
  const { tokens } = JSON.parse(await readFile(path.join(folder, "golden.json"), "utf8")) as { tokens: number[][] };
  const decoded = decodeSafetensors(await readFile(path.join(folder, "golden.safetensors")));
  const engine = createRuntime({ threads: 1, memoryInBytes: 2 ** 30 }).open(model);
  return { engine, tokens, golden: decoded.tensors };
}

/** Largest |a − b| over max(1, largest |b|). Infinite scores compare equal to the stored placeholder. */
export function relativeDifference(actual: Float32Array, expected: TensorData): number {
  let largest = 1;
  let difference = 0;
  for (let i = 0; i < actual.length; i++) {
    const want = Number(expected[i]);
    const got = actual[i] ?? Number.NaN;
    if (got === Number.NEGATIVE_INFINITY && want <= -1e8) continue;
    largest = Math.max(largest, Math.abs(want));
    difference = Math.max(difference, Number.isNaN(got) ? Number.POSITIVE_INFINITY : Math.abs(got - want));
  }
  return difference / largest;
}
