/** Real models for tests. A test whose model is not there is skipped, and says what is missing. */
import { existsSync } from "node:fs";
import { mkdtemp, rm } from "node:fs/promises";
import os from "node:os";
import path from "node:path";
import { after, type TestContext } from "node:test";
import { fileURLToPath } from "node:url";
import { describeModel, type Engine, importLlama2c, openTensorFolder, readModelConfig } from "@patchbay/transformer";
import { createRuntime, type RuntimeOptions } from "../runtime.ts";

const ROOT = fileURLToPath(new URL("../../../../", import.meta.url));

export interface InstalledModel {
  readonly folder: string;
  readonly engine: Engine;
}

const opened = new Map<string, Promise<InstalledModel>>();

/** The bundled model, opened once a process; undefined (and the test skipped) where it is not installed. */
export async function stories15m(t: TestContext): Promise<InstalledModel | undefined> {
  const home = process.env["PATCHBAY_TEST_HOME"] ?? path.join(ROOT, ".patchbay/test-home");
  const folder = path.join(home, "models/stories-15m");
  if (existsSync(path.join(folder, "config.json"))) return once("stories-15m", () => openFolder(folder));
  t.skip(`the model stories-15m is not in ${folder}; npm test installs it`);
  return undefined;
}

/** Imported from its llama2.c checkpoint, which lies beside the repository on machines that have it. */
export async function stories260k(t: TestContext): Promise<InstalledModel | undefined> {
  const source = path.join(ROOT, "../shared/data/models/stories260k");
  if (existsSync(path.join(source, "stories260K.bin"))) return once("stories-260k", () => importFrom(source));
  t.skip(`the checkpoint stories260K.bin is not in ${source}`);
  return undefined;
}

export async function openFolder(folder: string, options: RuntimeOptions = {}): Promise<InstalledModel> {
  const model = describeModel(await readModelConfig(folder), await openTensorFolder(folder), folder);
  const runtime = createRuntime({ threads: 2, memoryInBytes: 2 ** 31, ...options });
  return { folder, engine: runtime.open(model) };
}

function once(name: string, open: () => Promise<InstalledModel>): Promise<InstalledModel> {
  const model = opened.get(name) ?? open();
  opened.set(name, model);
  return model;
}

async function importFrom(source: string): Promise<InstalledModel> {
  const temporary = await mkdtemp(path.join(os.tmpdir(), "patchbay-stories260k-"));
  after(() => rm(temporary, { recursive: true, force: true }));
  const folder = path.join(temporary, "model");
  await importLlama2c({
    checkpoint: { file: path.join(source, "stories260K.bin") },
    tokenizer: { file: path.join(source, "tok512.bin") },
    folder,
    manifest: { name: "stories-260k" },
  });
  return openFolder(folder);
}
