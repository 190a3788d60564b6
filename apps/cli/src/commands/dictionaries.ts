/** `patchbay dictionaries`: what is installed for a model, with its quality at a glance. */
import type { DictionarySummary } from "@patchbay/contract";
import { BUNDLED_MODEL } from "@patchbay/model-library";
import { openInstalledModels } from "@patchbay/server";
import { type Column, formatTable } from "../format-table.ts";
import { resolveHome } from "../home.ts";

export interface DictionariesOptions {
  readonly model?: string;
  readonly home?: string;
  readonly json?: boolean;
}

export async function listDictionaries({
  model = BUNDLED_MODEL,
  home,
  json = false,
}: DictionariesOptions): Promise<void> {
  const service = await openInstalledModels(resolveHome(home)).get(model);
  const list = await service.dictionaries.list();
  for (const { folder, detail } of list.problems) process.stderr.write(`${folder} does not open. ${detail}\n`);
  if (json) process.stdout.write(`${JSON.stringify(list, undefined, 2)}\n`);
  else if (list.dictionaries.length === 0) {
    process.stdout.write(
      `${model} has no dictionary. Add one with add-dictionary, or train one with train-dictionary.\n`,
    );
  } else process.stdout.write(formatDictionaries(list.dictionaries));
}

const unmeasured = "–";
const COLUMNS: readonly Column<DictionarySummary>[] = [
  ["NAME", ({ name }) => name],
  ["KIND", ({ kind, skip }) => (skip ? `${kind}, skip` : kind)],
  ["SITES", ({ kind, inputSite, outputSites }) => sitesOf(kind, inputSite, outputSites)],
  ["FEATURES", ({ features }) => String(features)],
  ["ACTIVATION", ({ activation }) => activation],
  ["L0", ({ quality }) => quality?.l0.toFixed(1) ?? unmeasured],
  ["UNEXPLAINED", ({ quality }) => quality?.unexplained.toFixed(3) ?? unmeasured],
  ["RECOVERED ZERO/MEAN", ({ quality }) => (quality === null ? unmeasured : recovered(quality.loss))],
  ["DEAD", ({ quality }) => (quality === null ? unmeasured : `${(quality.deadShare * 100).toFixed(1)} %`)],
  ["FROM", ({ bundled, source }) => (bundled ? "Patchbay" : source.format)],
];

/** The quality columns: L0, variance unexplained (about the mean), loss recovered against zero and mean ablation, dead. */
export function formatDictionaries(dictionaries: readonly DictionarySummary[]): string {
  return formatTable(COLUMNS, dictionaries);
}

function recovered({ recoveredAgainstZero, recoveredAgainstMean }: { [key: string]: number }): string {
  return [recoveredAgainstZero, recoveredAgainstMean].map((share) => share?.toFixed(3) ?? unmeasured).join(" / ");
}

function sitesOf(kind: DictionarySummary["kind"], input: string, outputs: readonly string[]): string {
  if (kind === "sae") return input;
  const [first = "", ...more] = outputs;
  return `${input} → ${first}${more.length > 0 ? ` (+ ${more.length})` : ""}`;
}
