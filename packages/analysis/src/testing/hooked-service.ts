/** Services of HookedTransformer folders: the committed fixtures, and real toy models that may be absent. */
import { existsSync } from "node:fs";
import path from "node:path";
import type { TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { createRuntime } from "@patchbay/runtime";
import { describeModel, openTensorFolder, openTokenizer, readModelConfig } from "@patchbay/transformer";
import { serve, type TestService } from "./open-test-service.ts";

const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));

/** `models/fixtures/hooked/{name}`: no tokenizer, so that tokens are numbers. */
export function hookedFixture(name: string): Promise<TestService> {
  return serviceOfFolder(name, path.join(ROOT, "models/fixtures/hooked", name));
}

/** Where a toy model lies beside the repository; undefined (and the test skipped) where it does not. */
export function toyModelFolder(t: TestContext, name: "grokked-addition" | "sorted-list"): string | undefined {
  const folder = path.join(ROOT, "../shared/data/models", name);
  if (existsSync(path.join(folder, "config.json"))) return folder;
  t.skip(`the model ${name} is not in ${folder}`);
  return undefined;
}

export async function serviceOfFolder(name: string, folder: string): Promise<TestService> {
  const model = describeModel(await readModelConfig(folder), await openTensorFolder(folder), `hash of ${name}`);
  const engine = createRuntime({ threads: 2, memoryInBytes: 2 ** 31 }).open(model);
  return serve(name, engine, await openTokenizer(folder), false, ["1 2 3", "4 3 2"]);
}
