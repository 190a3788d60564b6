/** Changed copies of fixtures, for tests of what importers make of other files. */
import { cp, mkdtemp, readFile, rm, writeFile } from "node:fs/promises";
import { tmpdir } from "node:os";
import { basename, join } from "node:path";
import { encodeSafetensors, openTensorFile } from "@patchbay/transformer";
import type { Tensor } from "@patchbay/vocabulary";
import { dictionaryFixture } from "./fixtures.ts";

/** Works on a copy of a fixture's folder, which is removed afterwards. */
export async function withCopy(name: string, use: (folder: string) => Promise<void>): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), "patchbay-fixture-"));
  try {
    const { path } = await dictionaryFixture(name);
    const copy = join(folder, basename(path));
    await cp(path, copy, { recursive: true });
    await use(copy);
  } finally {
    await rm(folder, { recursive: true });
  }
}

/** Sets keys of a JSON file's object. */
export async function editJson(file: string, changes: Readonly<Record<string, unknown>>): Promise<void> {
  await writeFile(file, JSON.stringify({ ...JSON.parse(await readFile(file, "utf8")), ...changes }));
}

/** Rewrites a safetensors file; every tensor comes as float32 and is written as it is left. */
export async function editTensors(file: string, edit: (tensors: Map<string, Tensor>) => void): Promise<void> {
  const source = await openTensorFile(file);
  const tensors = new Map<string, Tensor>();
  for (const name of source.names) tensors.set(name, await source.read(name));
  edit(tensors);
  await writeFile(file, encodeSafetensors(tensors));
}
