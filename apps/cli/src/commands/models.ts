/** `patchbay models`: what is installed, as a table or as the API's JSON. */
import type { ModelSummary } from "@patchbay/contract";
import { openModelLibrary } from "@patchbay/model-library";
import { type InstalledModels, openInstalledModels } from "@patchbay/server";
import { type Column, formatTable } from "../format-table.ts";
import { resolveHome } from "../home.ts";
import { describeFailure } from "../report-failure.ts";

export interface ModelsOptions {
  readonly home?: string;
  readonly json?: boolean;
}

export async function listModels({ home: chosen, json = false }: ModelsOptions): Promise<void> {
  const home = resolveHome(chosen);
  const installed = await openModelLibrary(home).list();
  const models = openInstalledModels(home);
  const summaries: ModelSummary[] = [];
  for (const { name } of installed) {
    const summary = await summarise(models, name);
    if (summary !== undefined) summaries.push(summary);
  }
  if (json) process.stdout.write(`${JSON.stringify({ models: summaries }, undefined, 2)}\n`);
  else if (installed.length === 0)
    process.stdout.write(`No model is installed in ${home}. Add one: patchbay add stories-15m\n`);
  else process.stdout.write(formatTable(COLUMNS, summaries));
}

/** A model that does not open must not hide the others. */
async function summarise(models: InstalledModels, name: string): Promise<ModelSummary | undefined> {
  try {
    return (await models.get(name)).summary();
  } catch (error) {
    process.stderr.write(`${name} does not open. ${describeFailure(error)}\n`);
    return undefined;
  }
}

const COLUMNS: readonly Column<ModelSummary>[] = [
  ["NAME", ({ name }) => name],
  ["FAMILY", ({ family }) => family],
  ["PARAMETERS", ({ parameters }) => `${(parameters / 1e6).toFixed(1)} M`],
  ["LAYERS", ({ layers }) => String(layers)],
  ["WIDTH", ({ residualWidth }) => String(residualWidth)],
  ["NEURONS", ({ layers, neuronsPerLayer }) => String(layers * neuronsPerLayer)],
  ["CONTEXT", ({ context }) => String(context)],
  ["LICENCE", ({ licence }) => licence ?? "not stated"],
];
