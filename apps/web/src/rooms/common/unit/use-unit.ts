/** What the unit index says of one unit. */
import type { ModelSummary, UnitPage, UnitRow } from "@patchbay/contract";
import { api } from "../../../shell/api.ts";
import { forgetResources, type Resource, useResource } from "../../../shell/resource.ts";

export interface UnitName {
  readonly source: string;
  readonly unit: number;
}

export function useUnit(model: ModelSummary | undefined, { source, unit }: UnitName): Resource<UnitPage> {
  return useResource<UnitPage>(model && unitKey(model, source, unit), (signal) =>
    api.getUnit({ params: { model: model?.name ?? "", source, unit }, query: { examples: EXAMPLES }, signal }),
  );
}

const EXAMPLES = 12;
/** Milliseconds: while the grid is walked, nobody asks. */
const WALK_DELAY = 180;

export function forgetUnit(model: ModelSummary, { source, unit }: UnitName): void {
  forgetResources(unitKey(model, source, unit));
  forgetResources(rowsKey(model, source));
}

/** The index's rows of a few units of one source, in their order; a unit that the index does not have is undefined. */
export function useUnitRows(
  model: ModelSummary,
  source: string | undefined,
  units: readonly number[],
): Resource<readonly (UnitRow | undefined)[]> {
  const wanted = source !== undefined && units.length > 0;
  return useResource(
    wanted ? `${rowsKey(model, source)}:${units.join()}` : undefined,
    async (signal) => {
      const { rows } = await api.listUnits({
        params: { model: model.name },
        query: { source, units: units.join(), dead: "include", limit: units.length },
        signal,
      });
      return units.map((unit) => rows.find((row) => row.unit === unit));
    },
    { delay: WALK_DELAY },
  );
}

function unitKey(model: ModelSummary, source: string, unit: number): string {
  return `unit:${model.hash}:${source}:${unit}:`;
}

function rowsKey(model: ModelSummary, source: string): string {
  return `unit-rows:${model.hash}:${source}`;
}
