/** What people call units, by source and unit. */
import { PatchbayError } from "@patchbay/vocabulary";
import type { UnitLabels } from "../model-service.ts";
import { checkUnit, findSource, type UnitContext } from "./unit-context.ts";

const LONGEST_LABEL = 200;

export type LabelsByUnit = ReadonlyMap<string, ReadonlyMap<number, string>>;

export async function labelsByUnit(labels: UnitLabels): Promise<LabelsByUnit> {
  const sources = new Map<string, Map<number, string>>();
  for (const { source, unit, label } of await labels.list()) {
    const units = sources.get(source) ?? new Map<number, string>();
    sources.set(source, units.set(unit, label));
  }
  return sources;
}

/**
 * Spaces around it are cut off; an empty label removes it.
 * @returns the label as it stands now
 * @throws PatchbayError `unknown-site`, `unit-out-of-range`, `invalid-request`
 */
export async function labelUnit(
  context: UnitContext,
  source: string,
  unit: number,
  label: string,
): Promise<string | null> {
  checkUnit(await findSource(context, source), unit);
  const text = label.trim();
  if (text.length > LONGEST_LABEL) {
    throw new PatchbayError("invalid-request", "The label is too long.", {
      expected: `at most ${LONGEST_LABEL} characters`,
      received: String(text.length),
      at: "label",
    });
  }
  await context.labels.set(source, unit, text);
  return text === "" ? null : text;
}
